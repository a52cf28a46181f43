/** How a workload is asked whether it is well, and on which ports it serves. */
import { z } from 'zod'

export const portNumber = z.int().min(1).max(65_535)

/** As an environment variable: `PORT_HTTP_API` for `http-api`. */
const portName = z
  .string()
  .regex(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/, 'must be a word of a-z, 0-9 and -, at most 32 characters')

/** One on which the program listens. On the network of its node it is given another one, and told which. */
export const WorkloadPort = z.strictObject({
  name: portName.optional(),
  port: portNumber,
  protocol: z.enum(['http', 'tcp']).default('http'),
})
export type WorkloadPort = z.infer<typeof WorkloadPort>

const isOnce = (all: readonly (number | string | undefined)[]): boolean => {
  const named = all.filter((one) => one !== undefined)
  return new Set(named).size === named.length
}

export const WorkloadPorts = z
  .array(WorkloadPort)
  .min(1)
  .max(16)
  .refine((ports) => isOnce(ports.map(({ port }) => port)), 'each port can be declared once')
  .refine((ports) => isOnce(ports.map(({ name }) => name)), 'each name can be given to one port')

/** `http`: 200 to 399 is well. `tcp`: a connection is. `exec`: exit code 0 of a command inside is. */
const Check = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('http'),
    path: z
      .string()
      .max(1_024)
      .regex(/^\/[\x21-\x7e]*$/, 'must be a path such as /healthz'),
    port: portNumber,
  }),
  z.strictObject({ type: z.literal('tcp'), port: portNumber }),
  z.strictObject({ type: z.literal('exec'), command: z.array(z.string().max(32_768)).min(1).max(64) }),
])
export type Check = z.infer<typeof Check>

const longest = 3_600_000

export const Probe = z.strictObject({
  check: Check,
  everyMs: z.int().min(200, 'must be at least 200 ms').max(longest).default(10_000),
  timeoutMs: z.int().min(10).max(300_000).default(2_000),
  failures: z.int().min(1).max(1_000).default(3).describe('So many in a row, and it is not well'),
  successes: z.int().min(1).max(100).default(1).describe('So many in a row, and it is well again'),
  delayMs: z.int().min(0).max(longest).default(0).describe('From the start of the workload to the first check'),
})
export type Probe = z.infer<typeof Probe>

export const probeKinds = ['startup', 'liveness', 'readiness'] as const
export type ProbeKind = (typeof probeKinds)[number]

/** `startup` goes first, and the others begin when it has succeeded. Without `liveness`, only its own end ends it. */
export const Health = z.strictObject({
  startup: Probe.optional().describe(
    'Until it succeeds, nothing else is checked; when it fails, the workload is ended',
  ),
  liveness: Probe.optional().describe('When it fails, the workload is ended, and started again if it may be'),
  readiness: Probe.optional().describe('While it fails, the workload is given no traffic'),
})
export type Health = z.infer<typeof Health>
