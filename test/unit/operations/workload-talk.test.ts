import { PassThrough } from 'node:stream'
import { beforeEach, describe, expect, test } from 'vitest'
import { connectThrough } from '../../../src/daemon/connect-to.ts'
import { byteStreamOf } from '../../../src/lib/byte-stream.ts'
import { ClawError } from '../../../src/model/failure.ts'
import type { PlacementId } from '../../../src/model/ids.ts'
import { meshId } from '../../../src/model/ids.ts'
import { WorkloadSpec } from '../../../src/model/workload.ts'
import type { OperationService } from '../../../src/operations/invoke.ts'
import type { InputOf } from '../../../src/operations/registry.ts'
import type { Conversation } from '../../../src/ports/conversation.ts'
import { ada, bob, submit } from '../../support/control-samples.ts'
import { admin, OperationsMesh } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'
import { userWith } from '../../support/user-with.ts'

let mesh: OperationsMesh
let service: OperationService
let placement: PlacementId
const never = new AbortController().signal

beforeEach(async () => {
  mesh = new OperationsMesh()
  service = await mesh.service(ada)
  await mesh.service(bob)
  await mesh.world.runFor(1_000)
  mesh.apply(submit('wl-a', {}, 'job'))
  const workload = mesh.idOf('job')
  placement = mesh.running(workload, bob)
  const spec = WorkloadSpec.parse({ image: 'x', command: ['sleep', '1000'] })
  const ids = { placement, workload, attempt: 1, term: 1, mesh: meshId('mesh-1'), node: bob, name: 'job' }
  await mesh.executor.start({ ...ids, spec, env: {}, devices: [] }, never)
})

/** A connection over which nothing is taken. */
const never80 = { send: () => Promise.resolve(), end() {}, close() {} }

const reset = Object.assign(new Error('read ECONNRESET'), { syscall: 'read' })

const failing = (error: Error): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }),
})

const exec = (input: Partial<InputOf<'workload.exec'>>, signal = never, role: 'admin' | 'viewer' = 'admin') =>
  play(
    mesh.world,
    service.converse(
      'workload.exec',
      { workload: 'job', command: ['cat'], ...input },
      { caller: userWith(mesh, role), signal },
    ),
  )

async function heard({ messages, chunks }: Conversation) {
  const told: unknown[] = []
  let text = ''
  const hear = async (): Promise<void> => {
    for await (const message of messages) told.push(JSON.parse(Buffer.from(message).toString()))
  }
  const read = async (): Promise<void> => {
    for await (const { channel, data } of chunks) text += `${channel}:${Buffer.from(data).toString()}`
  }
  await Promise.all([hear(), read()])
  return { told, text }
}

describe('a command on another node', () => {
  test('gets its input, and tells its output and its end', async () => {
    const talk = await exec({ stdin: true })
    const all = heard(talk)
    await play(mesh.world, talk.send(1, Buffer.from('hello')))
    await play(mesh.world, talk.send(1, new Uint8Array(0)))
    const { told, text } = await play(mesh.world, all)
    expect(text).toBe('1:hello')
    expect(told).toEqual([
      { type: 'started', workload: mesh.idOf('job'), node: bob, placement },
      { type: 'exit', exitCode: 0 },
    ])
  })

  test('can be signalled, and ends with 128 and the signal', async () => {
    const talk = await exec({ command: ['sleep', '100'] })
    const all = heard(talk)
    await play(mesh.world, talk.tell(Buffer.from('{"type":"signal","signal":"SIGTERM"}')))
    expect((await play(mesh.world, all)).told.at(-1)).toEqual({ type: 'exit', exitCode: 143 })
  })

  test('is ended by a message that makes no sense', async () => {
    for (const nonsense of ['{"type":"dance"}', 'not json', '{"type":"signal","signal":"SIGSTOP"}']) {
      const talk = await exec({ command: ['sleep', '100'] })
      const all = heard(talk)
      all.catch(() => {})
      await play(mesh.world, talk.tell(Buffer.from(nonsense)))
      await expect(play(mesh.world, all)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    }
  })

  test('ends when nobody wants it any more', async () => {
    const off = new AbortController()
    const all = heard(await exec({ command: ['sleep', '100'] }, off.signal))
    all.catch(() => {})
    off.abort(new Error('enough'))
    await expect(play(mesh.world, all)).rejects.toThrow('enough')
  })

  test('needs somebody who may, and a conversation', async () => {
    await expect(exec({}, never, 'viewer')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    const asker = { caller: admin, signal: never }
    await expect(service.converse('status', {}, asker)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(service.invoke('workload.exec', {}, asker)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

describe('a connection to a port on another node', () => {
  test('carries bytes both ways, and the end of either', async () => {
    mesh.dial = () => byteStreamOf(new PassThrough())
    const connecting = connectThrough(service)({ placement, node: bob, port: 80 }, never)
    const stream = await play(mesh.world, connecting)
    const echoed = (async () => {
      let text = ''
      for await (const chunk of stream.received) text += Buffer.from(chunk).toString()
      return text
    })()
    await play(mesh.world, stream.send(Buffer.from('hello')))
    stream.end()
    // Node's own streams need turns of the event loop, which virtual time does not take.
    let isDone = false
    echoed.finally(() => (isDone = true)).catch(() => {})
    while (!isDone) {
      await mesh.world.runFor(5)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await echoed).toBe('hello')
  })

  test('says when nothing listens there', async () => {
    const connecting = connectThrough(service)({ placement, node: bob, port: 80 }, never)
    await expect(play(mesh.world, connecting)).rejects.toMatchObject({ code: 'PORT_UNREACHABLE' })
  })

  test('lasts longer than the signal that was to bound the wait for it', async () => {
    mesh.dial = () => ({ ...never80, received: (async function* () {})() })
    const late = new AbortController()
    const stream = await play(mesh.world, connectThrough(service)({ placement, node: bob, port: 80 }, late.signal))
    late.abort(new Error('too late'))
    await expect(play(mesh.world, stream.received[Symbol.asyncIterator]().next())).resolves.toMatchObject({
      done: true,
    })
  })

  test('that breaks off is told as such', async () => {
    mesh.dial = () => ({ ...never80, received: failing(reset) })
    const stream = await play(mesh.world, connectThrough(service)({ placement, node: bob, port: 80 }, never))
    const reading = play(mesh.world, stream.received[Symbol.asyncIterator]().next())
    await expect(reading).rejects.toMatchObject({ code: 'PORT_UNREACHABLE', message: /ECONNRESET/ })
  })

  test('takes what is sent after the other side has ended, also when it is let go of right behind', async () => {
    const got: string[] = []
    const send = (data: Uint8Array): Promise<void> => {
      got.push(Buffer.from(data).toString())
      return Promise.resolve()
    }
    mesh.dial = () => ({ ...never80, received: (async function* () {})(), send, end: () => void got.push('end') })
    const stream = await play(mesh.world, connectThrough(service)({ placement, node: bob, port: 80 }, never))
    for await (const chunk of stream.received) expect(chunk).toBe(null)
    await play(mesh.world, stream.send(Buffer.from('late')))
    stream.end()
    stream.close()
    await mesh.world.runFor(100)
    expect(got).toEqual(['late', 'end'])
  })

  test('tells whoever sends that it broke, though the other side had ended before', async () => {
    mesh.dial = () => ({ ...never80, received: (async function* () {})(), send: () => Promise.reject(reset) })
    const stream = await play(mesh.world, connectThrough(service)({ placement, node: bob, port: 80 }, never))
    await play(mesh.world, stream.received[Symbol.asyncIterator]().next())
    await play(mesh.world, stream.send(Buffer.from('first')))
    await mesh.world.runFor(100)
    await expect(stream.send(Buffer.from('second'))).rejects.toMatchObject({ code: 'PORT_UNREACHABLE' })
  })

  test('is asked for even while nobody leads', async () => {
    mesh.dial = () => byteStreamOf(new PassThrough())
    mesh.failure = new ClawError('NO_LEADER', { detail: 'an election' })
    const reads = mesh.reads.length
    await play(mesh.world, connectThrough(service)({ placement, node: bob, port: 80 }, never))
    expect(mesh.reads).toHaveLength(reads)
  })
})
