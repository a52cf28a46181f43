/** A task's log as its readers see it: one stream, whatever happens to the connection to the engine meanwhile. */
import { setTimeout as delay } from 'node:timers/promises'
import type Dockerode from 'dockerode'
import type { LogBlock } from '../../lib/log-block.ts'
import { lastPosition } from '../../lib/log-block.ts'
import { ClawError } from '../../model/failure.ts'
import type { PlacementId } from '../../model/ids.ts'
import type { LogQuery } from '../../ports/executor.ts'
import type { Containers } from './containers.ts'
import { engineFailure, statusOf } from './engine-failure.ts'
import { ask } from './engine.ts'
import { BrokenLog, microseconds } from './entry-lines.ts'
import type { LogSource } from './read-log.ts'
import { readLog, readTail } from './read-log.ts'
import { fileLog } from './file-log.ts'
import { followLog } from './follow-log.ts'
import type { Held, TaskTable } from './task-table.ts'

export interface TaskLogDeps {
  readonly docker: Dockerode
  readonly tasks: TaskTable
  readonly containers: Containers
}

/** Throws WORKLOAD_NOT_FOUND, EXECUTOR_UNAVAILABLE, or the signal's reason. */
export async function* taskLog(
  deps: TaskLogDeps,
  placement: PlacementId,
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<LogBlock> {
  const held = await withContainer(deps.tasks, placement, query.follow, signal)
  if (held === null) return
  const source = await sourceOf(deps.docker, held, signal)
  let { from } = query
  if (from === null && query.tail !== null) {
    const last = await readTail(source, Math.max(1, query.tail), signal)
    if (query.tail > 0 && last.length > 0) yield last
    if (!query.follow) return
    from = lastPosition(last)
  }
  yield* linesAfter(deps, { held, source, query: { ...query, from } }, signal)
}

/** The task once it has a container. Only a follower waits; null when there is none, or will be none. */
async function withContainer(
  tasks: TaskTable,
  placement: PlacementId,
  wait: boolean,
  signal: AbortSignal,
): Promise<(Held & { handle: string }) | null> {
  let held = tasks.get(placement)
  if (held === null) throw new ClawError('WORKLOAD_NOT_FOUND', { workload: placement })
  while (wait && held !== null && held.handle === null) {
    await tasks.changed(signal)
    held = tasks.get(placement)
  }
  return hasContainer(held) ? held : null
}

const hasContainer = (held: Held | null): held is Held & { handle: string } => held !== null && held.handle !== null

async function sourceOf(docker: Dockerode, { handle }: { handle: string }, signal: AbortSignal): Promise<LogSource> {
  try {
    const inspect = (abortSignal: AbortSignal): Promise<Dockerode.ContainerInspectInfo> =>
      docker.getContainer(handle).inspect({ abortSignal })
    const { Created, Config, HostConfig, LogPath } = await ask(signal, inspect)
    const path = HostConfig.LogConfig?.Type === 'json-file' && LogPath !== '' ? LogPath : null
    return { docker, container: handle, base: microseconds(Created), hasTerminal: Config.Tty, path }
  } catch (error) {
    // Removed by someone else: of its log nothing is left.
    if (statusOf(error) === 404) throw new ClawError('WORKLOAD_NOT_FOUND', { workload: handle })
    throw engineFailure(error)
  }
}

interface Reading {
  readonly held: Held
  readonly source: LogSource
  readonly query: LogQuery
}

/** One pass after the other until the task has ended and all was read. */
async function* linesAfter(deps: TaskLogDeps, reading: Reading, signal: AbortSignal): AsyncGenerator<LogBlock> {
  const { held, query } = reading
  let { source } = reading
  let { from } = query
  for (;;) {
    // What was written before the end is there after it, so this pass misses nothing.
    const isLast = !query.follow || held.state.state === 'ended'
    try {
      for await (const block of await onePass(deps, { ...reading, source }, { from, isLast }, signal)) {
        from = lastPosition(block)
        yield block
      }
    } catch (error) {
      if (statusOf(error) === 404) return
      if (error instanceof BrokenLog && source.path !== null) {
        // What the files do not tell any more, the engine may still know how to read.
        source = { ...source, path: null }
        continue
      }
      if (isLast || !isPassing(error)) throw engineFailure(error)
    }
    if (isLast) return
    await lookAgain(deps.containers, held, signal)
  }
}

/** From the engine's own files where they are here, from the engine where they are not. */
async function onePass(
  { tasks }: TaskLogDeps,
  { held, source }: Pick<Reading, 'held' | 'source'>,
  { from, isLast }: { readonly from: number | null; readonly isLast: boolean },
  signal: AbortSignal,
): Promise<AsyncGenerator<LogBlock>> {
  const { path, base } = source
  const life = {
    isOver: () => held.state.state === 'ended',
    changed: (either: AbortSignal) => tasks.changed(either),
  }
  const following = isLast ? null : life
  const files = path === null ? null : await fileLog({ path, base }, { from, following }, signal)
  return files ?? (isLast ? readLog(source, { from }, signal) : followLog(source, from, signal))
}

/** The connection broke, or the container ended: ask which. */
async function lookAgain(containers: Containers, held: Held, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  try {
    await containers.refresh(held)
  } catch (error) {
    if (!ClawError.is(error, 'EXECUTOR_UNAVAILABLE')) throw error
  }
  if (held.state.state !== 'ended') await delay(500, undefined, { signal }).catch(() => signal.throwIfAborted())
}

const isPassing = (error: unknown): boolean =>
  ClawError.is(error, 'EXECUTOR_UNAVAILABLE') || (error instanceof Error && 'code' in error && statusOf(error) === null)
