/** Reading a container's log while the engine rotates it: only a real engine shows what it skips. */
import { afterEach, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { followLog } from '../../src/adapters/docker/follow-log.ts'
import { microseconds } from '../../src/adapters/docker/log-lines.ts'
import { linesOf } from '../../src/lib/log-block.ts'
import { labDocker, labImage, removeContainers } from '../support/lab-docker.ts'

const label = `claw-log-test=${process.pid}`
const never = new AbortController().signal
const count = 60_000

/** Prints more than five files of 1 MB hold at once, as fast as it can. */
async function printer(): Promise<{
  readonly container: string
  readonly base: number
  readonly ended: Promise<void>
}> {
  const docker = connectEngine(labDocker ?? '')
  const [key = '', value = ''] = label.split('=')
  const container = await docker.createContainer({
    Image: labImage,
    Cmd: ['awk', `BEGIN { for (i = 1; i <= ${count}; i++) printf "%d ${'x'.repeat(60)}\\n", i }`],
    Labels: { [key]: value },
    HostConfig: {
      NetworkMode: 'none',
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '20' } },
    },
  })
  await container.start()
  const { Created } = await container.inspect()
  return { container: container.id, base: microseconds(Created), ended: container.wait().then(() => undefined) }
}

describe.skipIf(labDocker === null)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  afterEach(() => removeContainers(labDocker ?? '', label))

  test('given a reader that falls several files behind, when it reads on, then it gets every line once', async () => {
    const { container, base, ended } = await printer()
    const source = { docker: connectEngine(labDocker ?? ''), container, base, hasTerminal: false }
    const read: number[] = []
    for await (const block of followLog(source, null, never, { lookEvery: 65_536, mostLag: 50, mostBehind: 0 })) {
      read.push(...linesOf(block).map(({ text }) => Number(text.slice(0, text.indexOf(' ')))))
      await ended
    }
    expect(read).toHaveLength(count)
    expect(read.findIndex((line, at) => line !== at + 1)).toBe(-1)
  })
})
