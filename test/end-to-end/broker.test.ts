import { describeArchive } from './archive-suite.ts';
import { describeBodies } from './bodies-suite.ts';
import { archivingBroker, broker } from './broker.ts';
import { describeGroups } from './groups-suite.ts';
import { describeManagedGroups } from './managed-groups-suite.ts';
import { describeRepeats } from './repeats-suite.ts';
import { describeSchemas } from './schemas-suite.ts';
import { describeShapes } from './shapes-suite.ts';
import { describeBroker } from './suite.ts';

describeBroker('the broker', broker);
describeSchemas('the broker', broker);
describeShapes('the broker', broker);
describeBodies('the broker', broker);
describeRepeats('the broker', broker);
describeGroups('the broker', broker);
describeManagedGroups('the broker', broker);
describeArchive('the broker', archivingBroker);
