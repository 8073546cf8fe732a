import { brokerOnEmbeddedServices } from './broker.ts';
import { describeBroker } from './suite.ts';

describeBroker('the broker on the adapters of AWS', brokerOnEmbeddedServices);
