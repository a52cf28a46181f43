/** What a simulation is to do: how many peers, which work arrives when, what breaks. Read from a file or built in. */
import { z } from 'zod'
import { parseDuration } from '../lib/units.ts'
import { ClawError } from '../model/failure.ts'
import { parseSimulatedGpus } from '../model/simulated-gpus.ts'

const span = z
  .union([z.string(), z.number()], { error: 'must be a span of time such as 30s' })
  .transform((text, context) => {
    const ms = parseDuration(String(text))
    if (ms !== null) return ms
    context.addIssue({ code: 'custom', message: `"${text}" is no span of time: write 30s, 5m or 250ms` })
    return z.NEVER
  })

const gpus = z.string().superRefine((text, context) => {
  try {
    parseSimulatedGpus(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message })
  }
})

/** `peer-7`, whoever leads at that time, or one that the seed picks. */
const target = z
  .string()
  .regex(/^(leader|random|peer-[1-9]\d{0,3})$/, 'must be leader, random, or a name such as peer-7')
/** A moment, or two between which the seed picks one. */
const moment = z.union([span, z.tuple([span, span])], { error: 'must be a time such as 30s, or two: ["20s", "40s"]' })
const share = z.number().gt(0).lt(1)

const Fault = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('crash').describe('The process of the peer is killed (kill -9)'),
    at: moment,
    target: target.default('random'),
    restartAfter: span.optional().describe('Started again on the same folder after so long; never if left out'),
  }),
  z.strictObject({
    kind: z.literal('partition').describe('Two groups of peers cannot reach each other; nothing is told to either'),
    at: moment,
    for: span,
    cutOff: z
      .union([share, target, z.array(target).min(1)])
      .default(0.3)
      .describe('Share of the peers, or who'),
  }),
  z.strictObject({
    kind: z.literal('slow').describe('Everything to and from these peers takes longer'),
    at: moment,
    for: span,
    latency: span.describe('Added to each direction'),
    who: z
      .union([share, target, z.array(target).min(1)])
      .default(0.2)
      .describe('Share of the peers, or who'),
  }),
  z.strictObject({
    kind: z.literal('join').describe('New peers join'),
    at: moment,
    count: z.int().min(1).max(100).default(1),
  }),
  z.strictObject({
    kind: z.literal('leave').describe('A peer is removed from the mesh and shut down'),
    at: moment,
    target: target.default('random'),
  }),
])
export type Fault = z.output<typeof Fault>

const Duration = z.union([
  span.transform((mean) => ({ distribution: 'fixed' as const, mean, min: mean, max: mean })),
  z.strictObject({
    distribution: z.enum(['fixed', 'uniform', 'exponential']).default('exponential'),
    mean: span.default(10_000),
    min: span.default(0),
    max: span.default(600_000),
  }),
])
export type Duration = z.output<typeof Duration>

const Work = z.strictObject({
  arrivals: z.enum(['poisson', 'uniform', 'burst', 'trace']).default('poisson'),
  count: z.int().min(1).max(10_000).default(50).describe('How many workloads arrive; a trace has its own number'),
  over: span.default(30_000).describe('Time in which they arrive'),
  bursts: z.int().min(1).max(1_000).default(4).describe('How many bursts, with arrivals = "burst"'),
  trace: z.string().optional().describe('CSV or JSONL file, with arrivals = "trace"; beside the scenario'),
  gpus: z.array(z.int().min(0).max(64)).min(1).default([1]).describe('Each workload asks for one of these'),
  duration: Duration.prefault({}),
  priorities: z.array(z.int().min(0).max(1_000)).min(1).default([500]).describe('Each workload has one of these'),
  failing: z.number().min(0).max(1).default(0).describe('Share of the workloads that end with exit code 1'),
  onPartition: z.enum(['continue', 'stop', 'replace']).default('replace'),
})

const Scenario = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be 1 to 40 of a-z 0-9 -'),
  about: z.string().max(300).default(''),
  peers: z.int().min(1).max(250),
  gpus: gpus.default('4xH100').describe('Simulated GPUs of each peer'),
  timing: z.enum(['lan', 'wan']).default('lan').describe('The mesh.timing of the daemons'),
  speed: z.number().min(0.05).max(1).default(1).describe('Seconds of the mesh in a second of this machine'),
  settle: span.default(300_000).describe('How long work may take after the last arrival and the last fault'),
  work: Work.prefault({}),
  faults: z.array(Fault).max(100).default([]),
})
export type Scenario = z.output<typeof Scenario>

/** Throws SCENARIO_INVALID that says which line of the scenario is wrong. `tree` is what its file says. */
export function scenarioOf(file: string, tree: unknown): Scenario {
  const parsed = Scenario.safeParse(tree)
  if (!parsed.success) throw invalid(file, parsed.error.issues.map(explain).join('; '))
  const scenario = parsed.data
  const { work, peers, faults } = scenario
  if (work.arrivals === 'trace' && work.trace === undefined)
    throw invalid(file, 'work.trace: name the file of the trace')
  for (const name of faults.flatMap(namesIn))
    if (Number(name.slice('peer-'.length)) > peers) throw invalid(file, `there is no ${name} among ${peers} peers`)
  return scenario
}

function namesIn(fault: Fault): readonly string[] {
  const named = 'target' in fault ? fault.target : 'cutOff' in fault ? fault.cutOff : 'who' in fault ? fault.who : []
  return [named].flat().filter((one): one is string => typeof one === 'string' && one.startsWith('peer-'))
}

const explain = (issue: z.core.$ZodIssue): string => {
  const where = issue.path.map(String).join('.')
  return where === '' ? issue.message : `${where}: ${issue.message}`
}

const invalid = (file: string, problem: string): ClawError => new ClawError('SCENARIO_INVALID', { file, problem })
