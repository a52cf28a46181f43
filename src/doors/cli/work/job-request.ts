/** What `job create` and `cron create` can be told of a job, and the request that it makes of it. */
import type { Arguments, OptionSpec, PositionalSpec } from '../line/command.ts'
import { runOptions, runPositionals, saidOf } from './run-request.ts'

type Elsewhere = 'name' | 'replicas' | 'nodes' | 'gang' | 'array' | 'strategy' | 'restart' | 'retry-backoff'
const elsewhere: readonly string[] = [
  ...['name', 'replicas', 'nodes', 'gang', 'array', 'strategy', 'restart', 'retry-backoff'],
] satisfies string[]
const workOptions = Object.fromEntries(Object.entries(runOptions).filter(([key]) => !elsewhere.includes(key))) as Omit<
  typeof runOptions,
  Elsewhere
>

export const jobPositionals = {
  NAME: { about: 'What to call it' },
  ...runPositionals,
} as const satisfies Readonly<Record<string, PositionalSpec>>

export const jobOptions = {
  completions: {
    kind: 'number',
    value: 'N',
    about: 'So many runs have to succeed, each with its number in CLAW_INDEX; 1',
  },
  parallelism: { kind: 'number', value: 'N', about: 'So many runs at a time; 1, or all of --item' },
  'backoff-limit': { kind: 'number', value: 'N', about: 'It has failed with one failed run more than this; 3' },
  backoff: { kind: 'text', value: 'TIME', about: 'Pause after a failed run, doubled after each that follows; 10s' },
  deadline: { kind: 'text', value: 'TIME', about: 'Longest time that it may be active, after which it has failed' },
  ttl: { kind: 'text', value: 'TIME', about: 'Forget it so long after its end' },
  item: { kind: 'list', value: 'TEXT', about: 'One run for each of these, told it as CLAW_ITEM' },
  placement: {
    kind: 'text',
    value: 'WORD',
    choices: ['pack', 'spread'],
    about: 'Fill nodes one after the other (pack, as when left out) or share the runs out (spread)',
  },
  ...workOptions,
} as const satisfies Readonly<Record<string, OptionSpec>>

type JobArguments = Arguments<typeof jobPositionals, typeof jobOptions>

/** Only what is said. */
export function jobSaid(args: JobArguments, env: Readonly<Record<string, string | undefined>>) {
  const alone = { name: undefined, replicas: undefined, nodes: undefined, gang: false, array: undefined }
  const others = { strategy: undefined, restart: undefined, 'retry-backoff': undefined }
  const said = saidOf({ ...args, ...alone, ...others }, env)
  const work = Object.fromEntries(Object.entries(said).filter(([key]) => !elsewhere.includes(key))) as Omit<
    typeof said,
    Elsewhere
  >
  return {
    ...work,
    namespace: said.namespace ?? (env['CLAWBERNETES_NAMESPACE'] || undefined),
    ...{ completions: args.completions, parallelism: args.parallelism, backoffLimit: args['backoff-limit'] },
    ...{ backoff: args.backoff, deadline: args.deadline, ttl: args.ttl },
    items: args.item.length === 0 ? undefined : [...args.item],
    placement: args.placement as 'pack' | 'spread' | undefined,
  }
}
