import { ClawError } from '../../../../../model/failure.ts'
import type { InputOf } from '../../../../../operations/registry.ts'
import { command } from '../../../line/command.ts'
import { preferencesFacts } from '../../../show/buying-words.ts'

type Input = InputOf<'moltbuying.set'>
type Isolation = NonNullable<NonNullable<Input['preferences']>['isolation']>[number]

type Key = NonNullable<Input['unset']>[number]

/** What `--unset` takes, as the other options are called. */
const unsettable: Readonly<Record<string, Key>> = {
  ...{ 'max-spend-per-job': 'maxSpendPerJob', 'max-spend-per-hour': 'maxSpendPerHour' },
  ...{ 'max-spend-per-day': 'maxSpendPerDay', prefer: 'prefer', 'min-reputation': 'minReputation' },
  ...{ isolation: 'isolation', arbiter: 'arbiters', probes: 'probes' },
}

function unsetIn(option: string): Key {
  const key = Object.hasOwn(unsettable, option) ? unsettable[option] : undefined
  if (key !== undefined) return key
  const problem = `--unset ${option} is none of ${Object.keys(unsettable).join(', ')}`
  throw new ClawError('INVALID_REQUEST', { problem })
}

export default command({
  name: 'molt config set',
  about: 'Set what a node may spend on work that strangers run, and from whom it takes.',
  details: 'What is left out stays as it is. It counts for what is set aside from then on, also after a restart.',
  positionals: {},
  options: {
    'max-spend-per-job': { kind: 'text', value: 'MOLT', about: 'For one job' },
    'max-spend-per-hour': { kind: 'text', value: 'MOLT', about: 'In any hour' },
    'max-spend-per-day': { kind: 'text', value: 'MOLT', about: 'In any day' },
    prefer: { kind: 'list', value: 'PARTY', about: 'A provider that comes first; repeatable' },
    'min-reputation': { kind: 'number', value: 'N', about: 'Of 100; at 0 also providers of whom nothing is known' },
    isolation: {
      kind: 'list',
      value: 'WORD',
      about: 'A way to be kept apart that it accepts: gvisor, kata, runc; repeatable',
    },
    arbiter: { kind: 'list', value: 'PARTY', about: 'Who may judge a dispute, and nobody else; repeatable' },
    'probes-per-day': { kind: 'number', value: 'N', about: 'So many providers are challenged on an average day' },
    'probe-image': { kind: 'text', value: 'IMAGE', about: 'Image with the program that answers, NAME@sha256:…' },
    'probe-max-price': { kind: 'text', value: 'MOLT', about: 'What one challenge may cost; 1 if left out' },
    'probe-memory': { kind: 'text', value: 'SIZE', about: 'How much memory is filled; 256Mi if left out' },
    unset: {
      kind: 'list',
      value: 'OPTION',
      about: 'What is to be as if nobody had said it, such as max-spend-per-day or prefer; repeatable',
    },
    node: { kind: 'text', value: 'NODE', about: 'Which node; the one you talk to if left out' },
  },
  examples: [
    'molt config set --max-spend-per-job 50 --max-spend-per-day 200',
    'molt config set --isolation gvisor --isolation runc --min-reputation 50 --json',
    'molt config set --probes-per-day 4 --probe-image ghcr.io/acme/claw-probe@sha256:' + 'd'.repeat(64),
    'molt config set --unset max-spend-per-day --unset prefer',
  ],

  async run(args, { api: connect, out, signal }) {
    const wanted = {
      ...{ maxSpendPerJob: args['max-spend-per-job'], maxSpendPerHour: args['max-spend-per-hour'] },
      ...{ maxSpendPerDay: args['max-spend-per-day'], minReputation: args['min-reputation'] },
      prefer: args.prefer.length === 0 ? undefined : [...args.prefer],
      arbiters: args.arbiter.length === 0 ? undefined : [...args.arbiter],
      probes: probesIn(args),
      // The peer says which there are.
      isolation: args.isolation.length === 0 ? undefined : (args.isolation as Isolation[]),
    }
    const preferences = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
    const unset = args.unset.map(unsetIn)
    const api = await connect()
    await out.result(
      await api.call('moltbuying.set', { preferences, unset, node: args.node }, signal),
      preferencesFacts,
    )
    return undefined
  },
})

interface ProbeOptions {
  readonly 'probes-per-day': number | undefined
  readonly 'probe-image': string | undefined
  readonly 'probe-max-price': string | undefined
  readonly 'probe-memory': string | undefined
}

function probesIn(options: ProbeOptions): NonNullable<Input['preferences']>['probes'] {
  const [perDay, image] = [options['probes-per-day'], options['probe-image']]
  if (perDay === undefined && image === undefined) return undefined
  if (perDay === undefined || image === undefined)
    throw new ClawError('INVALID_REQUEST', { problem: '--probes-per-day and --probe-image go together' })
  const [maxPrice, memory] = [options['probe-max-price'], options['probe-memory']]
  return { perDay, image, ...(maxPrice !== undefined && { maxPrice }), ...(memory !== undefined && { memory }) }
}
