/** Reading a container's log while the engine rotates it: only a real engine shows what it skips. */
import { afterEach, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { followLog } from '../../src/adapters/docker/follow-log.ts'
import { microseconds } from '../../src/adapters/docker/log-lines.ts'
import type { LogSource } from '../../src/adapters/docker/read-log.ts'
import { linesOf } from '../../src/lib/log-block.ts'
import { labDocker, labImage, removeContainers } from '../support/lab-docker.ts'

const label = `claw-log-test=${process.pid}`
const never = new AbortController().signal
const count = 200_000

interface Printer {
  readonly source: LogSource
  readonly ended: Promise<void>
}

/** A container of 20 log files of 4 MB: more than what is on its way to a reader that does not read. */
async function printer(script: string, { hasTerminal = false } = {}): Promise<Printer> {
  const docker = connectEngine(labDocker ?? '')
  const [key = '', value = ''] = label.split('=')
  const container = await docker.createContainer({
    Image: labImage,
    Cmd: ['sh', '-c', script],
    Tty: hasTerminal,
    Labels: { [key]: value },
    HostConfig: {
      NetworkMode: 'none',
      LogConfig: { Type: 'json-file', Config: { 'max-size': '4m', 'max-file': '20' } },
    },
  })
  await container.start()
  const { Created } = await container.inspect()
  const source = { docker, container: container.id, base: microseconds(Created), hasTerminal }
  return { source, ended: container.wait().then(() => undefined) }
}

describe.skipIf(labDocker === null)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  afterEach(() => removeContainers(labDocker ?? '', label))

  test('given a reader that falls several files behind, when it reads on, then it gets every line once', async () => {
    // More than five files hold, as fast as it can.
    const { source, ended } = await printer(
      `awk 'BEGIN { for (i = 1; i <= ${count}; i++) printf "%d ${'x'.repeat(60)}\\n", i }'`,
    )
    const read: number[] = []
    for await (const block of followLog(source, null, never, { lookEvery: 65_536, mostLag: 50, mostBehind: 0 })) {
      read.push(...linesOf(block).map(({ text }) => Number(text.slice(0, text.indexOf(' ')))))
      await ended
    }
    expect(read).toHaveLength(count)
    expect(read.findIndex((line, at) => line !== at + 1)).toBe(-1)
  })

  test('given a terminal that prints megabytes in one line, then all of it is read, in pieces', async () => {
    const { source } = await printer("head -c 3000000 /dev/zero | tr '\\0' a; echo; echo last", { hasTerminal: true })
    const texts: string[] = []
    for await (const block of followLog(source, null, never)) texts.push(...linesOf(block).map(({ text }) => text))
    expect(texts.at(-1)).toBe('last')
    expect(texts.slice(0, -1).join('')).toBe('a'.repeat(3_000_000))
  })
})
