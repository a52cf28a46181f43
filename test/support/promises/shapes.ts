/** Shapes that the answers of several rows share, and what the rows ask about. */
import { z } from 'zod'

/** What the rows ask about: there before the first of them is asked. */
export interface Known {
  readonly node: string
  /** Without GPUs and without work. */
  readonly spare: string
  /** Runs for long, has a GPU, and has said `hello` and `oops`. */
  readonly workload: { readonly name: string; readonly id: string; readonly containerId: string }
}

export const text = z.string().min(1)
export const percent = z.number().min(0).max(100)

export const node = z.looseObject({
  id: text,
  name: text,
  status: z.enum(['healthy', 'unhealthy', 'draining', 'offline']),
  gpus: z.array(z.looseObject({ index: z.int(), uuid: text, model: text, memoryMib: z.int() })),
  utilization: percent.nullable(),
  workloads: z.int(),
})
export const openness = z.looseObject({ id: text, name: text, mode: z.enum(['open', 'cordoned', 'draining']) })
export const workload = z.looseObject({
  id: z.string().startsWith('wl-'),
  name: text,
  state: z.enum(['pending', 'starting', 'running', 'stopping', 'completed', 'failed', 'stopped']),
  image: text,
  node: z.string().nullable(),
})
export const event = z.looseObject({ sequence: z.int(), at: z.iso.datetime(), type: text, message: text })
export const logLine = z.looseObject({ at: z.iso.datetime(), stream: z.enum(['stdout', 'stderr']), text: z.string() })
export const container = z.looseObject({
  containerId: z.string().regex(/^[0-9a-f]{64}$/),
  workloadId: z.string().startsWith('wl-'),
  name: text,
  image: text,
  state: text,
  gpus: z.array(text),
  exitCode: z.int().nullable(),
  createdAt: z.iso.datetime(),
  labels: z.looseObject({ 'managed-by': z.literal('clawbernetes'), 'workload-id': text }),
})
export const ran = z.looseObject({
  containerId: z.string().regex(/^[0-9a-f]{64}$/),
  workloadId: z.string().startsWith('wl-'),
  name: text,
  image: text,
  success: z.literal(true),
  runtime: z.literal('docker'),
})
export const commands = z.array(z.string()).refine((all) => all.includes('workload.run') && all.includes('gpu.metrics'))
