/** Attaching, as far as this side of the conversation decides it. */
import { PassThrough } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import { passInput } from '../../../../src/doors/cli/talk/interactive.ts'
import { DetachKeys } from '../../../../src/doors/cli/talk/detach-keys.ts'
import { Interrupt } from '../../../../src/doors/cli/talk/interrupt.ts'
import type { Session } from '../../../../src/doors/cli/line/command.ts'
import { Inbox } from '../../../../src/lib/inbox.ts'
import type { Chunk, Conversation } from '../../../../src/ports/conversation.ts'
import { fakeHost } from '../../../support/fake-host.ts'
import { cli, items, workload } from '../../../support/run-cli.ts'

/** A workload at the other side, which ends with 143 when it is sent SIGTERM, and with 130 for SIGINT. */
function otherSide() {
  const told: unknown[] = []
  const [messages, chunks] = [new Inbox<Uint8Array>(), new Inbox<Chunk>()]
  const say = (message: unknown): void => messages.put(Buffer.from(JSON.stringify(message)))
  const talk: Conversation = {
    messages,
    chunks,
    tell(message) {
      const { signal, ...rest } = JSON.parse(Buffer.from(message).toString()) as { signal?: string }
      told.push(signal ?? rest)
      if (signal === undefined) return Promise.resolve()
      say({ type: 'exit', exitCode: signal === 'SIGTERM' ? 143 : 130 })
      messages.end()
      chunks.end()
      return Promise.resolve()
    },
    send: () => Promise.resolve(),
  }
  const answer = (_: unknown, signal: AbortSignal): Conversation => {
    signal.addEventListener('abort', () => {
      messages.fail(signal.reason)
      chunks.fail(signal.reason)
    })
    return talk
  }
  return { told, answer, start: () => say({ type: 'started', terminal: false, stdin: false }) }
}

describe('a signal to the command line', () => {
  const submitted = () => ({ id: 'wl-1', name: 'job', image: 'busybox', state: 'pending', parts: [] })
  const running = () => items(workload({ state: 'running' }))

  test.each([
    ['SIGINT', ['attach', '--no-stdin', 'job'], { code: 130, told: ['SIGINT'] }],
    ['SIGTERM', ['attach', '--no-stdin', 'job'], { code: 0, told: [] }],
    ['SIGINT', ['attach', '--no-stdin', '--no-sig-proxy', 'job'], { code: 0, told: [] }],
    ['SIGTERM', ['run', '-t', 'busybox'], { code: 143, told: ['SIGTERM'] }],
  ] as const)('given %s for %j, it is passed on, or the workload is let go of', async (name, line, expected) => {
    const { told, answer, start } = otherSide()
    const interrupt = new AbortController()
    const started = vi.fn(answer)
    const answers = { 'workload.attach': started, 'workload.run': submitted, 'workload.wait': running }
    const ran = cli(line, answers, fakeHost(), interrupt)
    await vi.waitFor(() => expect(started).toHaveBeenCalled())
    start()
    await new Promise((resolve) => setImmediate(resolve))
    interrupt.abort(new Interrupt(name))
    expect({ code: (await ran).code, told }).toEqual(expected)
  })

  test('given Ctrl-C before it is attached, the command ends', async () => {
    const { told, answer } = otherSide()
    const interrupt = new AbortController()
    const asked = vi.fn(answer)
    const ran = cli(['attach', '--no-stdin', 'job'], { 'workload.attach': asked }, fakeHost(), interrupt)
    await vi.waitFor(() => expect(asked).toHaveBeenCalled())
    interrupt.abort(new Interrupt('SIGINT'))
    expect({ code: (await ran).code, told }).toEqual({ code: 130, told: [] })
  })
})

test.each([
  ['--nodes', '2', '--gang'],
  ['--replicas', '2'],
  ['--array', '4'],
])('given run -i with %s %s, it is refused before anything is submitted', async (...options) => {
  const { code, err, asked } = await cli(['run', '-i', ...options, 'busybox'])
  expect({ code, asked }).toEqual({ code: 5, asked: [] })
  expect(err).toContain('INVALID_REQUEST')
})

describe('what is typed', () => {
  function typing() {
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} })
    const sent: string[] = []
    const room = Promise.withResolvers<null>()
    const { answer } = otherSide()
    const talk: Conversation = {
      ...answer(null, new AbortController().signal),
      async send(_, data) {
        await room.promise
        sent.push(Buffer.from(data).toString())
      },
    }
    const host = { ...fakeHost({ isTTY: true }), stdin }
    const session = { host, signal: new AbortController().signal } as unknown as Session
    return { stdin, sent, room, talk, session }
  }
  const plan = { hasInput: true, hasTerminal: false, onInterrupt: () => {} }

  test('given the end while something is being sent, the terminal is not read again', async () => {
    const { stdin, sent, room, talk, session } = typing()
    const input = passInput(talk, plan, session)
    stdin.write('late')
    await vi.waitFor(() => expect(stdin.isPaused()).toBe(true))
    input.stop()
    room.resolve(null)
    await vi.waitFor(() => expect(sent).toEqual(['late']))
    await new Promise((resolve) => setImmediate(resolve))
    expect(stdin.isPaused()).toBe(true)
  })

  test('given text before the detach keys, it is sent before the workload is let go of', async () => {
    const { stdin, sent, room, talk, session } = typing()
    const detached = Promise.withResolvers<readonly string[]>()
    const letGo = { keys: new DetachKeys([16, 17]), detach: () => detached.resolve([...sent]) }
    passInput(talk, { ...plan, letGo }, session)
    stdin.write('make test\r\u0010\u0011')
    await new Promise((resolve) => setImmediate(resolve))
    room.resolve(null)
    expect(await detached.promise).toEqual(['make test\r'])
  })
})
