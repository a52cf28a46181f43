/** One command in a container, with one answer: what agents and scripts use where people use a terminal. */
import { z } from 'zod'
import type { ExecSession } from '../../ports/exec.ts'
import { containerIdOf, containerOf, ofContainer, whichContainer, wordFor } from './container-ref.ts'
import { within } from '../deadline.ts'
import { environmentIn, execFields, runningPlacement } from './exec-request.ts'
import { spanOf, span } from '../fields.ts'
import { findNode, findWorkload } from '../find.ts'
import { ClawError } from '../../model/failure.ts'
import { nodeId } from '../../model/ids.ts'
import { unary } from '../operation.ts'
import { headOf } from '../logs/output-text.ts'

/** Less than the time-out of a call between two peers. */
const longest = 110_000
/** An answer is one message: what the command prints beyond it is read, so that it can end, and left out. */
const mostBytes = 262_144

export const containerExec = unary({
  name: 'container.exec',
  about: 'Run one command in a container, and answer with what it printed and its exit code once it has ended.',
  input: z.strictObject({
    ...whichContainer,
    ...execFields,
    timeout: span.default(60).describe('After so long the command is killed; at most 110 s'),
  }),
  output: z.object({
    exitCode: z.int(),
    stdout: z.string(),
    stderr: z.string(),
    success: z.boolean().describe('Whether the exit code is 0'),
    truncated: z
      .boolean()
      .describe('Whether the command printed more than an answer holds: 256 KiB of each output, 448 KiB as JSON'),
    containerId: z.string(),
    workloadId: z.string(),
  }),
  secretFields: ['env'],
  permission: { verb: 'exec', resource: 'workload' },
  namespace: ofContainer,
  where({ node, ...wanted }, context) {
    if (node !== undefined) return findNode(context.control.state, node)
    const { placement } = findWorkload(context, wordFor(wanted))
    return placement === null ? context.self : nodeId(placement.node)
  },
  async handler({ command, workdir, env, timeout, ...wanted }, context, { signal }) {
    const workload = containerOf(wanted, context)
    const placement = runningPlacement(workload)
    const ms = spanOf(timeout, 'timeout')
    if (ms > longest)
      throw new ClawError('INVALID_REQUEST', { problem: 'timeout is at most 110 s; use `clawbernetes exec`' })
    const request = { command, workdir: workdir ?? null, env: environmentIn(env), terminal: null, stdin: false }
    const end = await inTime(ms, context.clock, signal, async (limited) =>
      endOf(await context.agent.exec(placement, request, limited)),
    )
    return {
      ...end,
      success: end.exitCode === 0,
      containerId: containerIdOf(workload, context),
      workloadId: workload.id,
    }
  },
})

/** Throws DEADLINE_EXCEEDED when it was the time that was up. */
async function inTime<T>(
  ms: number,
  clock: Parameters<typeof within>[0],
  signal: AbortSignal,
  run: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  let isLate = false
  try {
    return await within(clock, ms, signal, (limited) => {
      limited.addEventListener('abort', () => (isLate = !signal.aborted), { once: true })
      return run(limited)
    })
  } catch (error) {
    if (isLate) throw new ClawError('DEADLINE_EXCEEDED', { what: 'The command', ms }, { cause: error })
    throw error
  }
}

async function endOf(session: ExecSession) {
  const kept: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] }
  const room = { stdout: mostBytes, stderr: mostBytes }
  let truncated = false
  for await (const { stream, data } of session.output) {
    const part = data.subarray(0, room[stream])
    truncated ||= part.length < data.length
    room[stream] -= part.length
    // A copy: the session has its memory back with the next that it is asked for.
    if (part.length > 0) kept[stream].push(new Uint8Array(part))
  }
  const output = headOf({ stdout: textOf(kept.stdout), stderr: textOf(kept.stderr), truncated })
  return { exitCode: await session.exitCode(), ...output }
}

const textOf = (parts: readonly Uint8Array[]): string => {
  const decoder = new TextDecoder()
  return parts.map((part) => decoder.decode(part, { stream: true })).join('') + decoder.decode()
}
