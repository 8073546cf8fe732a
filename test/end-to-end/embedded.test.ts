import { describeArchive } from './archive-suite.ts';
import { describeBodies } from './bodies-suite.ts';
import { archivingBrokerOnEmbeddedServices, brokerOnEmbeddedServices } from './broker.ts';
import { describeGroups } from './groups-suite.ts';
import { describeManagedGroups } from './managed-groups-suite.ts';
import { describeRepeats } from './repeats-suite.ts';
import { describeSchemas } from './schemas-suite.ts';
import { describeShapes } from './shapes-suite.ts';
import { describeBroker } from './suite.ts';

describeBroker('the broker on the adapters of AWS', brokerOnEmbeddedServices);
describeSchemas('the broker on the adapters of AWS', brokerOnEmbeddedServices);
describeShapes('the broker on the adapters of AWS', brokerOnEmbeddedServices);
describeBodies('the broker on the adapters of AWS', brokerOnEmbeddedServices);
describeRepeats('the broker on the adapters of AWS', brokerOnEmbeddedServices);
describeGroups('the broker on the adapters of AWS', brokerOnEmbeddedServices);
describeManagedGroups('the broker on the adapters of AWS', brokerOnEmbeddedServices);
describeArchive('the broker on the adapters of AWS', archivingBrokerOnEmbeddedServices);
