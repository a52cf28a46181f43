/** Reading a container's log while the engine rotates it: only a real engine shows what it skips. */
import { afterEach, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { followLog } from '../../src/adapters/docker/follow-log.ts'
import { microseconds } from '../../src/adapters/docker/entry-lines.ts'
import { fileLog, type Following } from '../../src/adapters/docker/file-log.ts'
import { type LogSource, readLog } from '../../src/adapters/docker/read-log.ts'
import { type LogBlock, type LogLine, linesOf } from '../../src/lib/log-block.ts'
import { labDocker, labImage, removeContainers } from '../support/lab-docker.ts'

const label = `claw-log-test=${process.pid}`
const never = new AbortController().signal
const count = 200_000

interface Printer {
  readonly source: LogSource & { readonly path: string }
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
  const { Created, LogPath } = await container.inspect()
  const source = { docker, container: container.id, base: microseconds(Created), hasTerminal, path: LogPath }
  return { source, ended: container.wait().then(() => undefined) }
}

const linesFrom = async (blocks: AsyncIterable<LogBlock>): Promise<LogLine[]> =>
  (await Array.fromAsync(blocks)).flatMap((block) => linesOf(block))

/** Until that has come, as a task's end does. */
function untilThen(ended: Promise<void>): Following {
  let isOver = false
  const over = ended.then(() => void (isOver = true))
  return { isOver: () => isOver, changed: () => over }
}

async function filesOf(
  { path, base }: Printer['source'],
  from: number | null,
  following: Following | null = null,
  signal: AbortSignal = never,
): Promise<AsyncGenerator<LogBlock>> {
  const blocks = await fileLog({ path, base }, { from, following }, signal)
  if (blocks === null) throw new Error(`the files of ${path} cannot be read`)
  return blocks
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

  describe('with its files at hand', () => {
    test('given a reader that falls several files behind, when it reads on, then it gets every line once', async () => {
      const { source, ended } = await printer(
        `awk 'BEGIN { for (i = 1; i <= ${count}; i++) printf "%d ${'x'.repeat(60)}\\n", i }'`,
      )
      const read: number[] = []
      const over = untilThen(ended)
      for await (const block of await filesOf(source, null, over)) {
        read.push(...linesOf(block).map(({ text }) => Number(text.slice(0, text.indexOf(' ')))))
        await ended
      }
      expect(read).toHaveLength(count)
      expect(read.findIndex((line, at) => line !== at + 1)).toBe(-1)
    })

    test('given whatever a program may print, then every line is what the engine itself tells, at the same position', async () => {
      const script = [
        String.raw`printf 'quotes " and \\ and \t tabs \033[31mred\033[0m\r\n'`,
        String.raw`printf '<tag> & \342\200\250 \377\376 not text \000 end\n\n\n'`,
        String.raw`head -c 100000 /dev/zero | tr '\000' b; echo`,
        'echo of the other output >&2',
        'for i in 1 2 3 4 5 6 7 8 9; do echo "$i"; done',
        "printf 'without an end'",
      ].join('; ')
      for (const hasTerminal of [false, true]) {
        const { source, ended } = await printer(script, { hasTerminal })
        await ended
        const told = await linesFrom(readLog(source, { from: null }, never))
        expect(await linesFrom(await filesOf(source, null))).toEqual(told)
        expect(told.length).toBeGreaterThan(18)
        // From the middle on, too.
        for (const at of [0, 5, told.length - 2]) {
          const { position } = told[at] as LogLine
          expect(await linesFrom(await filesOf(source, position))).toEqual(told.slice(at + 1))
        }
      }
    })

    test('given a log of many files, when reading begins anywhere in it, then nothing is missing and nothing comes twice', async () => {
      const { source, ended } = await printer(
        `awk 'BEGIN { for (i = 1; i <= ${count}; i++) printf "%d ${'x'.repeat(60)}\\n", i }'`,
      )
      await ended
      const all = await linesFrom(await filesOf(source, null))
      expect(all).toHaveLength(count)
      for (const at of [10, 177_777, count - 1]) {
        const { position } = all[at] as LogLine
        const rest = await linesFrom(await filesOf(source, position))
        expect(rest).toHaveLength(count - at - 1)
        expect(rest[0]).toEqual(all[at + 1])
      }
    })

    test('given a program that prints now and then, then its lines come while it runs', async () => {
      const { source, ended } = await printer('read -r _ < /dev/null; echo first; sleep 1; echo second; sleep 600')
      const read: string[] = []
      const stop = new AbortController()
      const reading = (async () => {
        const following = untilThen(ended)
        for await (const block of await filesOf(source, null, following, stop.signal)) {
          read.push(...linesOf(block).map(({ text }) => text))
          if (read.length === 2) stop.abort()
        }
      })()
      await expect(reading).rejects.toThrow('abort')
      expect(read).toEqual(['first', 'second'])
    })
  })

  test('given a terminal that prints megabytes in one line, then all of it is read, in pieces', async () => {
    const { source } = await printer("head -c 3000000 /dev/zero | tr '\\0' a; echo; echo last", { hasTerminal: true })
    const texts: string[] = []
    for await (const block of followLog(source, null, never)) texts.push(...linesOf(block).map(({ text }) => text))
    expect(texts.at(-1)).toBe('last')
    expect(texts.slice(0, -1).join('')).toBe('a'.repeat(3_000_000))
  })
})
