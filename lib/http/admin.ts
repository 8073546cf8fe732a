import { type Api, newApi } from './api.ts';
import { docsFolder } from './routes/docs-folder.ts';
import { type EndpointSecretsDeps, endpointSecretRoutes } from './routes/endpoint-secrets.ts';
import { type EndpointDeps, endpointRoutes } from './routes/endpoints.ts';
import { type ErasureDeps, erasureRoutes } from './routes/erasures.ts';
import { type AttemptListDeps, attemptRoute } from './routes/groups/attempts.ts';
import { type GroupDeps, groupRoutes } from './routes/groups/groups.ts';
import { type PauseDeps, pauseRoutes } from './routes/groups/pause.ts';
import { type RedriveRouteDeps, redriveRoute } from './routes/groups/redrive.ts';
import { type SeekRouteDeps, seekRoute } from './routes/groups/seek.ts';
import { type GroupStatusDeps, groupStatusRoutes } from './routes/groups/status.ts';
import { healthRoute } from './routes/health.ts';
import { type KeyDeps, keyRoutes } from './routes/keys.ts';
import { type ResendRouteDeps, resendRoutes } from './routes/resend.ts';
import { type SchemaDeps, schemaRoutes } from './routes/schemas.ts';
import { type TopicDeps, topicRoutes } from './routes/topics.ts';

export type AdminDeps = TopicDeps &
  SchemaDeps &
  ErasureDeps &
  GroupDeps &
  GroupStatusDeps &
  AttemptListDeps &
  PauseDeps &
  SeekRouteDeps &
  RedriveRouteDeps &
  EndpointDeps &
  ResendRouteDeps &
  EndpointSecretsDeps &
  KeyDeps;

/** The application that topics, schemas, groups, endpoints and keys are managed with, and health. */
export const adminApp = (deps: AdminDeps): Api => {
  const api = newApi(deps);
  healthRoute(api);
  docsFolder(api);
  topicRoutes(api, deps);
  schemaRoutes(api, deps);
  erasureRoutes(api, deps);
  groupRoutes(api, deps);
  groupStatusRoutes(api, deps);
  attemptRoute(api, deps);
  pauseRoutes(api, deps);
  seekRoute(api, deps);
  redriveRoute(api, deps);
  endpointRoutes(api, deps);
  resendRoutes(api, deps);
  endpointSecretRoutes(api, deps);
  keyRoutes(api, deps);
  return api;
};
