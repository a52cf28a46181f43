/** Everything in a state, as if it had just changed: what is told when another state has taken the place of what there was. */
import type { State } from './state.ts'
import type { Change } from './types.ts'

type Lasting = Exclude<Change, { readonly type: 'event' }>

/** For each kind, so that none that is added is forgotten. Events are what happens, and not what is there. */
const all: { readonly [Type in Lasting['type']]: (state: State) => readonly Lasting[] } = {
  mesh: () => [{ type: 'mesh' }],
  molt: () => [{ type: 'molt' }],
  overlay: () => [{ type: 'overlay' }],
  ingress: () => [{ type: 'ingress' }],
  'network-policy': () => [{ type: 'network-policy' }],
  access: () => [{ type: 'access' }],
  member: ({ members }) => Array.from(members.keys(), (node) => ({ type: 'member', node })),
  operator: ({ operators }) => Array.from(operators.keys(), (key) => ({ type: 'operator', key })),
  namespace: ({ namespaces }) => Array.from(namespaces.keys(), (name) => ({ type: 'namespace', name })),
  policy: ({ policies }) => Array.from(policies.keys(), (name) => ({ type: 'policy', name })),
  workload: ({ workloads }) => Array.from(workloads.keys(), (workload) => ({ type: 'workload', workload })),
  deployment: ({ deployments }) => Array.from(deployments.keys(), (deployment) => ({ type: 'deployment', deployment })),
  job: ({ jobs }) => Array.from(jobs.keys(), (job) => ({ type: 'job', job })),
  cron: ({ crons }) => Array.from(crons.keys(), (cron) => ({ type: 'cron', cron })),
  workflow: ({ workflows }) => Array.from(workflows.keys(), (workflow) => ({ type: 'workflow', workflow })),
  backup: ({ backups }) => Array.from(backups.keys(), (backup) => ({ type: 'backup', backup })),
}

export const everythingIn = (state: State): readonly Change[] => Object.values(all).flatMap((of) => of(state))
