/** How people write on which ports work listens and how it is asked whether it is well, and what the spec makes of it. */
import { z } from 'zod'
import { ClawError } from '../../model/failure.ts'
import { probeKinds } from '../../model/probe.ts'
import type { ProbeKind } from '../../model/probe.ts'
import { processText, span, spanOf } from '../fields.ts'

const probe = z.strictObject({
  http: z
    .strictObject({ path: z.string().max(1_024).optional(), port: z.int().optional() })
    .optional()
    .describe('Asks for the path, `/` when left out; 200 to 399 is well'),
  tcp: z.strictObject({ port: z.int().optional() }).optional().describe('Connects'),
  exec: z
    .strictObject({ command: z.union([processText(32_768), z.array(processText(32_768)).max(64)]) })
    .optional()
    .describe('Runs a command inside; exit code 0 is well'),
  every: span.optional().describe('Pause between checks; 10s when left out'),
  timeout: span.optional().describe('Longest check; 2s when left out'),
  failures: z.int().optional().describe('So many in a row, and it is not well; 3 when left out'),
  successes: z.int().optional().describe('So many in a row, and it is well again; 1 when left out'),
  delay: span.optional().describe('From the start of the workload to the first check'),
})
type ProbeRequest = z.output<typeof probe>

/** The keys of a request that this file translates. */
export const healthFields = {
  ports: z
    .array(
      z.union(
        [
          z.int(),
          z.string().max(64),
          z.strictObject({
            port: z.int(),
            name: z.string().max(64).optional(),
            protocol: z.enum(['http', 'tcp']).optional(),
          }),
        ],
        { error: 'must be 8080, "api:8080", "9000/tcp" or {"port", "name", "protocol"}' },
      ),
    )
    .max(16)
    .optional()
    .describe('Where it listens: `8080`, `api:8080`, `9000/tcp`; the first is told as PORT'),
  health: z
    .strictObject({
      startup: probe.optional().describe('Until it succeeds, nothing else is checked'),
      liveness: probe.optional().describe('When it fails, the workload is ended'),
      readiness: probe.optional().describe('While it fails, the workload is given no traffic'),
      checkIntervalSecs: z
        .number()
        .positive()
        .optional()
        .describe('Pause between checks, where a probe does not say; alone, the first port is connected to'),
      startupTimeoutSecs: z.number().positive().optional().describe('How long it may take until it is well at first'),
    })
    .optional()
    .describe('How it is asked whether it is well'),
}

type Fields = z.output<z.ZodObject<typeof healthFields>>

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

/** Undefined when it declares none. Throws INVALID_REQUEST. */
export const portsOf = ({ ports }: Pick<Fields, 'ports'>): readonly object[] | undefined =>
  ports === undefined || ports.length === 0 ? undefined : ports.map(portOf)

function portOf(one: NonNullable<Fields['ports']>[number]): object {
  if (typeof one === 'number') return { port: one }
  if (typeof one === 'object') return one
  if (/^[\d.]*:?\d+:\d+(\/tcp)?$/.test(one.trim()))
    throw invalid(
      `port “${one}” names a port of the host, and work has only its own: write ${one.replace(/^.*:/, '')}; a deployment takes requests at the host's by its service`,
    )
  const [, name, port, protocol] = /^(?:([^:/]+):)?(\d{1,5})(?:\/(http|tcp))?$/.exec(one.trim()) ?? []
  if (port === undefined)
    throw invalid(`port “${one}” is neither a number nor such as api:8080, 9000/tcp or api:8080/http`)
  return {
    ...(name !== undefined && { name }),
    port: Number(port),
    ...(protocol !== undefined && { protocol }),
  }
}

/** Undefined when it is asked nothing. Throws INVALID_REQUEST. */
export function healthOf({ ports, health }: Fields): object | undefined {
  if (health === undefined) return undefined
  const { checkIntervalSecs: interval, startupTimeoutSecs: startup } = health
  const first = portsOf({ ports })?.[0] as { readonly port: number; readonly protocol?: string } | undefined
  const asked = probeKinds.flatMap((kind) => {
    const request = health[kind] ?? simpleProbe(health, kind, first)
    return request === null ? [] : [[kind, probeOf(request, { kind, interval, startup, port: first?.port })] as const]
  })
  return asked.length === 0 ? undefined : Object.fromEntries(asked)
}

/** What the two words of a short spec come to: nothing but the first port can be asked, and nothing at all when there is none. */
function simpleProbe(
  { liveness, readiness, checkIntervalSecs, startupTimeoutSecs }: NonNullable<Fields['health']>,
  kind: ProbeKind,
  first: object | undefined,
): ProbeRequest | null {
  if (kind === 'liveness') return null
  if (kind === 'startup' && startupTimeoutSecs === undefined) return null
  const { http, tcp, exec } = readiness ?? liveness ?? {}
  const known = { ...(http && { http }), ...(tcp && { tcp }), ...(exec && { exec }) }
  if (kind === 'startup' && Object.keys(known).length > 0) return known
  const isShort = liveness === undefined && (checkIntervalSecs ?? startupTimeoutSecs) !== undefined
  return isShort && first !== undefined ? { tcp: {} } : null
}

interface Around {
  readonly kind: ProbeKind
  readonly interval: number | undefined
  /** Seconds that it may take to be well at first. */
  readonly startup: number | undefined
  readonly port: number | undefined
}

const defaultEveryMs = 10_000

function probeOf(request: ProbeRequest, { kind, interval, startup, port }: Around): object {
  const { every, timeout, failures, successes, delay } = request
  const everyMs = every === undefined ? everyFor(kind, { interval, startup }) : spanOf(every, `health ${kind} every`)
  const tries = kind === 'startup' && startup !== undefined ? Math.ceil((startup * 1_000) / everyMs) : undefined
  const most = failures ?? tries
  return {
    check: checkOf(request, kind, port),
    everyMs,
    ...(timeout !== undefined && { timeoutMs: spanOf(timeout, `health ${kind} timeout`) }),
    ...(most !== undefined && { failures: Math.min(1_000, most) }),
    ...(successes !== undefined && { successes }),
    ...(delay !== undefined && { delayMs: spanOf(delay, `health ${kind} delay`, 0) }),
  }
}

/** What has a time to come up in is asked often enough to be seen when it has. */
function everyFor(kind: ProbeKind, { interval, startup }: Pick<Around, 'interval' | 'startup'>): number {
  const everyMs = interval === undefined ? defaultEveryMs : Math.round(interval * 1_000)
  if (kind !== 'startup' || startup === undefined) return everyMs
  return Math.max(200, Math.min(everyMs, 5_000, Math.round(startup * 100)))
}

function checkOf({ http, tcp, exec }: ProbeRequest, kind: ProbeKind, first: number | undefined): object {
  const given = [http, tcp, exec].filter((one) => one !== undefined)
  if (given.length !== 1) throw invalid(`health ${kind} needs one of http, tcp and exec`)
  if (exec !== undefined) {
    const { command } = exec
    return { type: 'exec', command: typeof command === 'string' ? ['sh', '-c', command] : command }
  }
  const port = http?.port ?? tcp?.port ?? first
  if (port === undefined) throw invalid(`health ${kind} needs a port, or the workload has to declare one with ports`)
  return http === undefined ? { type: 'tcp', port } : { type: 'http', path: http.path ?? '/', port }
}
