/**
 * The one-way rule: functions → lib/{http,topics,schemas,log,groups,delivery,events,archive,auth,secrets} → lib/stores (ports) and
 * lib/surroundings (clock, chance, telemetry) → lib/domain.
 * Adapters implement ports and are named only in composition roots (functions, lib/local) and in tests.
 */
const concerns = '^lib/(http|topics|schemas|log|groups|delivery|events|archive|auth|secrets)/';
const adapters = '^lib/stores/(aws|dynamodb|expressions|files|https|memory|s3|sqlite|sqs|ssm|system)/';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'domain-depends-on-nothing-of-ours',
      severity: 'error',
      from: { path: '^lib/domain/' },
      to: { path: '^(lib/(?!domain/)|functions|infra|test|bench)' },
    },
    {
      name: 'ports-depend-on-domain-alone',
      severity: 'error',
      from: { path: '^lib/stores/[^/]+\\.ts$' },
      to: { path: '^(lib/(?!domain/|surroundings/|stores/[^/]+\\.ts$)|functions|infra|test|bench)' },
    },
    {
      name: 'surroundings-depend-on-domain-alone',
      severity: 'error',
      from: { path: '^lib/surroundings/' },
      to: { path: '^(lib/(?!domain/|surroundings/)|functions|infra|test|bench)' },
    },
    {
      name: 'adapters-depend-on-ports-and-domain',
      severity: 'error',
      from: { path: adapters },
      to: {
        path: '^(lib/(http|topics|schemas|log|groups|delivery|events|archive|auth|secrets|local)/|functions|infra|test|bench)',
      },
    },
    {
      name: 'concerns-know-ports-not-adapters',
      severity: 'error',
      from: { path: concerns },
      to: {
        path: [
          '^lib/stores/(aws|dynamodb|expressions|files|https|memory|s3|sqlite|sqs|ssm|system)/',
          '^lib/local/',
          '^(functions|infra|test|bench)/',
        ],
      },
    },
    {
      name: 'no-aws-in-domain-or-concerns',
      severity: 'error',
      from: {
        path: '^lib/(domain|surroundings|http|topics|schemas|log|groups|delivery|events|archive|auth|secrets)/|^lib/stores/[^/]+\\.ts$',
      },
      to: { path: 'node_modules/(@aws-sdk|@smithy|@aws-lambda-powertools|@types/aws-lambda)/' },
    },
    {
      name: 'only-http-knows-hono',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/(http|local)/' },
      to: { path: 'node_modules/(hono|@hono)/' },
    },
    {
      name: 'functions-are-roots',
      severity: 'error',
      from: { path: '^functions/' },
      to: { path: '^(lib/(local|stores/memory)/|infra|test|bench)' },
    },
    {
      name: 'infra-takes-tables-limits-and-defaults-alone',
      severity: 'error',
      from: { path: '^infra/', pathNot: '^infra/keys/' },
      to: {
        path: '^(lib|functions|test|bench)/',
        pathNot: '^lib/(domain/limits|archive/options|stores/dynamodb/table/tables)\\.ts$',
      },
    },
    {
      // A command for people who deploy, and so a root of its own: it wires the key store to a deployed table.
      name: 'keys-command-takes-keys-alone',
      severity: 'error',
      from: { path: '^infra/keys/' },
      to: {
        path: '^(lib|functions|test|bench)/|^infra/(?!keys/)',
        pathNot:
          '^lib/(domain/|surroundings/|auth/keys\\.ts$|stores/[^/]+\\.ts$|stores/system/|stores/dynamodb/(api-keys|table/client)\\.ts$)',
      },
    },
    {
      name: 'nothing-takes-from-the-keys-command',
      severity: 'error',
      from: { path: '^(lib|functions|infra/(?!keys/)|bench)' },
      to: { path: '^infra/keys/' },
    },
    {
      name: 'nothing-takes-from-commands',
      severity: 'error',
      from: { path: '^(lib|functions|infra|bench)/' },
      to: { path: '^cli/' },
    },
    {
      // Commands read what the broker keeps, by its stores; of what it does they know nothing.
      name: 'commands-read-stores-alone',
      severity: 'error',
      from: { path: '^cli/' },
      to: {
        path: '^(functions|infra|lib/(http|topics|schemas|log|groups|delivery|events|auth|local))/',
        pathNot: '^infra/keys/(account|aws-advice|stack-output|command-line)\\.ts$',
      },
    },
    {
      name: 'product-does-not-import-tests',
      severity: 'error',
      from: { path: '^(lib|functions|infra|cli)/' },
      to: { path: '^(test|bench)/' },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-vague-names',
      severity: 'error',
      from: {},
      to: { path: '(^|/)(utils?|helpers?|common|managers?)(/|\\.ts$)', pathNot: 'node_modules' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
