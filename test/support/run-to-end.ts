/** Starts a task, and waits for what it says and how it ends. */
import { linesOf } from '../../src/lib/log-block.ts'
import type { Executor, Task, TaskState } from '../../src/ports/executor.ts'

type Ended = Extract<TaskState, { state: 'ended' }>

export async function runToEnd(
  executor: Executor,
  task: Task,
): Promise<{ readonly said: string; readonly end: Ended }> {
  const { signal } = new AbortController()
  await executor.start(task, signal)
  const query = { follow: true, tail: null, from: null }
  const blocks = await Array.fromAsync(executor.logs(task.placement, query, signal))
  const said = blocks
    .flatMap(linesOf)
    .map(({ text }) => text)
    .join('\n')
  for (;;) {
    const status = executor.status(task.placement)?.status
    if (status?.state === 'ended') return { said, end: status }
    await new Promise<void>((done) => {
      const stop = executor.onStatus(() => {
        stop()
        done()
      })
    })
  }
}
