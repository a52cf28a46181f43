/** Looks whether a running container really has its GPUs. Some engines take the request and ignore it. */
import type Dockerode from 'dockerode'
import { ClawError } from '../../model/failure.ts'
import { statusOf } from './engine-failure.ts'
import { ask } from './engine.ts'
import { FrameReader } from './frames.ts'

const script = 'for f in /dev/nvidia[0-9]*; do [ -e "$f" ] && echo "$f"; done; [ -e /dev/dxg ] && echo /dev/dxg; exit 0'

/** Throws GPU_NOT_VISIBLE when there are not exactly so many. A container without a shell, or that has ended, is believed. */
export async function checkGpus(container: Dockerode.Container, expected: number, signal: AbortSignal): Promise<void> {
  const files = await deviceFiles(container, signal)
  // On WSL all GPUs are behind one file, and nothing can be counted.
  if (files === null || files.includes('/dev/dxg') || files.length === expected) return
  const seen = files.length === 0 ? 'none' : files.join(', ')
  throw new ClawError('GPU_NOT_VISIBLE', { detail: `${expected} were given, it sees ${seen}` })
}

async function deviceFiles(container: Dockerode.Container, signal: AbortSignal): Promise<readonly string[] | null> {
  try {
    const { output, exitCode } = await ask(signal, (abortSignal) => run(container, ['sh', '-c', script], abortSignal))
    return exitCode === 0 ? output.split('\n').filter((file) => file !== '') : null
  } catch (error) {
    // No such program, or no longer running.
    if (statusOf(error) !== null) return null
    throw error
  }
}

async function run(
  container: Dockerode.Container,
  command: readonly string[],
  abortSignal: AbortSignal,
): Promise<{ readonly output: string; readonly exitCode: number | null }> {
  const exec = await container.exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true, abortSignal })
  const stream = await exec.start({ abortSignal })
  const frames = new FrameReader()
  let output = ''
  for await (const chunk of stream)
    for (const { stream: from, data } of frames.push(chunk as Buffer))
      if (from === 'stdout' && output.length < 65_536) output += data.toString('utf8')
  return { output, exitCode: (await exec.inspect({ abortSignal })).ExitCode }
}
