/** What copies volumes at a real engine, the one at CLAW_LAB_DOCKER: nothing of it stays, and nothing that is at work is taken away. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { strict } from '../../src/adapters/docker/confinement.ts'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { dockerVolumes } from '../../src/adapters/docker/volume-engine.ts'
import { tarEntries } from '../../src/lib/tar-entries.ts'
import { labDocker, removeContainers } from '../support/lab-docker.ts'
import { extension, tarOf } from '../support/tar.ts'

const never = new AbortController().signal
const address = labDocker ?? ''
const name = `claw-copies-${process.pid}`
const linked = `${name}-linked`
/** Too much for what lies between the engine and who reads it. */
const bytes = 16 * 1_048_576

describe.skipIf(labDocker === null)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  const docker = connectEngine(address)
  const [node, other] = [`one-${process.pid}`, `two-${process.pid}`]
  const volumes = dockerVolumes(address, strict, node)
  const copiers = async (of: string): Promise<number> =>
    (await docker.listContainers({ all: true, filters: { label: ['claw.helper=volume', `claw.keeper=${of}`] } })).length

  beforeAll(async () => {
    await volumes.ensure({ name, options: {}, labels: {} }, never)
    const archive = tarOf([{ name: 'much', content: Buffer.alloc(bytes, 'a') }])
    await volumes.unpack({ volume: name }, pieces(archive), never)
  })
  afterEach(async () => {
    for (const of of [node, other]) await removeContainers(address, `claw.keeper=${of}`)
  })
  afterAll(async () => {
    for (const one of [name, linked]) await volumes.remove(one, never)
  })

  test('given files with several names, long ones too, when a volume is read, then each further name is told with the first', async () => {
    await volumes.ensure({ name: linked, options: {}, labels: {} }, never)
    const deep = `${'d'.repeat(90)}/${'e'.repeat(90)}`
    const files = [
      { name: 'a', content: Buffer.from('one') },
      { name: 'b', content: Buffer.alloc(0), type: '1', target: 'a' },
      extension([['path', deep]]),
      { name: 'deep', content: Buffer.from('two') },
      extension([['linkpath', deep]]),
      { name: 'z', content: Buffer.alloc(0), type: '1' },
      { name: 'odd', content: Buffer.alloc(0), type: '2', target: 'a' },
    ]
    await volumes.unpack({ volume: linked }, pieces(tarOf(files)), never)
    const found: Record<string, string | null> = {}
    const limits = { entries: 20, bytes: 100 }
    for await (const { entry } of tarEntries(volumes.pack({ volume: linked }, never), limits))
      if (entry.kind !== 'folder') found[entry.path] = entry.linkTo
    expect(found).toEqual({ a: null, b: 'a', [deep]: null, z: deep, odd: null })
  })

  test('given a copy that is called off at whatever moment, then nothing of it stays', async () => {
    for (let wait = 0; wait < 80; wait += 4) {
      const off = new AbortController()
      const copy = Array.fromAsync(volumes.pack({ volume: name }, off.signal))
      const ended = copy.then(
        () => 'whole',
        () => 'off',
      )
      await sleep(wait)
      off.abort(new Error('off'))
      expect(['whole', 'off']).toContain(await ended)
    }
    await vi.waitFor(async () => expect(await copiers(node)).toBe(0), 10_000)
  })

  test('given copies that go on here and on another node of the same engine, when what was left is cleared, then both come to their end', async () => {
    const begun = [volumes, dockerVolumes(address, strict, other)].map((one) =>
      one.pack({ volume: name }, never)[Symbol.asyncIterator](),
    )
    let read = 0
    for (const copy of begun) read += ((await copy.next()).value as Uint8Array).length
    await volumes.clear(never)
    expect([await copiers(node), await copiers(other)]).toEqual([1, 1])
    for (const copy of begun)
      for (let next = await copy.next(); next.done !== true; next = await copy.next()) read += next.value.length
    expect(read).toBeGreaterThan(2 * bytes)
    expect([await copiers(node), await copiers(other)]).toEqual([0, 0])
  })
})

async function* pieces(whole: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(whole)
}
