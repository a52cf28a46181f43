/** What `deploy` can be told of a deployment, and the request that it makes of it. */
import type { Arguments, OptionSpec, PositionalSpec } from '../line/command.ts'
import { runOptions, runPositionals, saidOf } from './run-request.ts'

type Elsewhere = 'name' | 'replicas' | 'nodes' | 'gang' | 'array' | 'strategy'
const elsewhere: readonly string[] = ['name', 'replicas', 'nodes', 'gang', 'array', 'strategy'] satisfies Elsewhere[]
const replicaOptions = Object.fromEntries(
  Object.entries(runOptions).filter(([key]) => !elsewhere.includes(key)),
) as Omit<typeof runOptions, Elsewhere>

export const deployPositionals = {
  NAME: { about: 'Name of the deployment' },
  ...runPositionals,
} as const satisfies Readonly<Record<string, PositionalSpec>>

export const deployOptions = {
  replicas: { kind: 'number', value: 'N', about: 'How many of the same, all the time; 1 if left out' },
  strategy: {
    kind: 'text',
    value: 'WORD',
    about: 'How a new revision takes over: immediate, rolling:N (batches of N), canary:N (N %), blue-green',
  },
  placement: {
    kind: 'text',
    value: 'WORD',
    choices: ['pack', 'spread'],
    about: 'Share the replicas out over the nodes (spread, as when left out) or fill one after the other',
  },
  service: { kind: 'text', value: 'PORT', about: 'Where every peer takes requests for it: 80, or 80:8080' },
  'max-errors': { kind: 'text', value: 'SHARE', about: 'Go back when more of a new revision’s requests fail: 5%' },
  'max-p99': { kind: 'text', value: 'TIME', about: 'Go back when 1 of 100 of its requests takes longer: 500ms' },
  'gate-for': { kind: 'text', value: 'TIME', about: 'Measure it over so long before the old goes; 30s if left out' },
  'auto-promote': {
    kind: 'text',
    value: 'TIME',
    about: 'Let a canary or second set take over by itself after so long',
  },
  'auto-rollback': {
    kind: 'text',
    value: 'WORD',
    choices: ['yes', 'no'],
    about: 'Go back when the new revision fails; yes if left out',
  },
  'progress-deadline': { kind: 'text', value: 'TIME', about: 'It has failed when it gets no further for so long; 10m' },
  'min-ready': {
    kind: 'text',
    value: 'TIME',
    about: 'Rely on a new replica once it has been ready so long; 3s, or 0 with a readiness probe',
  },
  'max-surge': { kind: 'number', value: 'N', about: 'Most replicas beyond those wanted during a rollout' },
  'max-unavailable': { kind: 'number', value: 'N', about: 'Most replicas that may be missing during a rollout; 0' },
  ...replicaOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

type DeployArguments = Arguments<typeof deployPositionals, typeof deployOptions>

/** Only what is said: of a new deployment the rest is as by default, of an old one it stays. */
export function deploymentSaid(args: DeployArguments, env: Readonly<Record<string, string | undefined>>) {
  const alone = { name: undefined, replicas: undefined, nodes: undefined, gang: false, array: undefined }
  const said = saidOf({ ...args, ...alone, strategy: undefined }, env)
  const replica = Object.fromEntries(Object.entries(said).filter(([key]) => !elsewhere.includes(key))) as Omit<
    typeof said,
    Elsewhere
  >
  const gates = { errorRate: args['max-errors'], p99: args['max-p99'], for: args['gate-for'] }
  const isGated = Object.values(gates).some((one) => one !== undefined)
  return {
    ...replica,
    env: replica.env.length === 0 ? undefined : replica.env,
    volumes: replica.volumes.length === 0 ? undefined : replica.volumes,
    ...{ replicas: args.replicas, strategy: args.strategy, service: args.service },
    placement: args.placement as 'pack' | 'spread' | undefined,
    gates: isGated ? gates : undefined,
    autoPromote: args['auto-promote'],
    autoRollback: args['auto-rollback'] === undefined ? undefined : args['auto-rollback'] === 'yes',
    progressDeadline: args['progress-deadline'],
    minReady: args['min-ready'],
    ...{ maxSurge: args['max-surge'], maxUnavailable: args['max-unavailable'] },
  }
}
