import { broker } from './broker.ts';
import { describeBroker } from './suite.ts';

describeBroker('the broker', broker);
