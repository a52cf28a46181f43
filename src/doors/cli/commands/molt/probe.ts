import { isolations } from '../../../../model/molt-hardware.ts'
import { ClawError } from '../../../../model/failure.ts'
import type { OutputOf } from '../../../../operations/registry.ts'
import { command } from '../../line/command.ts'
import { facts, orDash } from '../../show/words.ts'

type Probe = OutputOf<'molt.probe'>

const seconds = (ms: number | null): string => (ms === null ? '—' : `${(ms / 1_000).toFixed(2)} s`)

const probeFacts = (probe: Probe): readonly string[] =>
  facts([
    ['Found', probe.verdict],
    ['Why', orDash(probe.why)],
    ['Memory filled in', seconds(probe.filledMs)],
    ['Walked through in', seconds(probe.walkedMs)],
    ['This node takes', probe.laneMs === null ? '—' : `${probe.laneMs.toFixed(1)} ms for 4 MiB`],
    ['Is now', probe.verification],
    ['Job', probe.job],
  ])

export default command({
  name: 'molt probe',
  about: 'Challenge a provider to show that it has the memory that it lends.',
  details:
    'Rents one GPU of it for a moment, at most for --max-price, and has a program in the image fill memory with what follows from a seed, and walk through it. ' +
    'The node works out by itself what is right, and how long it takes. Ends with 1 when the provider has failed, and with 3 when it is not clear.',
  positionals: { provider: { about: 'Its market id, as molt job info shows it' } },
  options: {
    image: {
      kind: 'text',
      value: 'IMAGE',
      about: 'Image with sleep and the program; NAME@sha256:…, or one that the node has pulled',
    },
    program: { kind: 'text', value: 'PATH', about: 'The program in it; claw-probe if left out' },
    memory: { kind: 'text', value: 'SIZE', about: 'How much memory is filled; 256Mi if left out' },
    steps: { kind: 'number', value: 'N', about: 'Of the walk; 512 if left out' },
    within: {
      kind: 'text',
      value: 'TIME',
      about: 'Filling may take so long; as long as the node itself would need if left out',
    },
    'max-price': { kind: 'text', value: 'MOLT', about: 'What it may cost; 1 if left out' },
    isolation: {
      kind: 'list',
      value: 'WORD',
      about: `A way to be kept apart that it accepts (${isolations.join(', ')}); repeatable`,
    },
    node: { kind: 'text', value: 'NODE', about: 'Which node asks; the one you talk to if left out' },
  },
  examples: [
    'molt probe 12D3KooWQnNEcGX9hJmJz4W7mVfkZqW1X5aS9cVtYbE2hLpRfDsu --image ghcr.io/acme/claw-probe:1 --memory 16Gi',
    'molt probe 12D3KooWQnNEcGX9hJmJz4W7mVfkZqW1X5aS9cVtYbE2hLpRfDsu --image ghcr.io/acme/claw-probe:1 --within 20s --json',
  ],

  async run(args, { api: connect, out, signal }) {
    const { provider, image, program, memory, steps, within, 'max-price': maxPrice, isolation, node } = args
    if (image === undefined) throw new ClawError('INVALID_REQUEST', { problem: 'it takes --image' })
    const api = await connect()
    const request = {
      ...{ provider, image, memory, steps, within, maxPrice, node },
      program: program?.split(/\s+/),
      isolation: isolation.length === 0 ? undefined : isolations.filter((one) => isolation.includes(one)),
    }
    let last: Probe | null = null
    for await (const probe of api.stream('molt.probe', request, signal)) {
      if (probe.verdict === 'asking') out.note(`${probe.job} rents a GPU of ${provider}`)
      last = probe
    }
    if (last === null || last.verdict === 'asking') throw new Error('the challenge ended without a result')
    await out.result(last, probeFacts)
    return last.verdict === 'probed' ? 0 : last.verdict === 'probe-failed' ? 1 : 3
  },
})
