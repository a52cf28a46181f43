/** Backups in a real store of objects: the one at CLAW_LAB_S3 (scripts/lab/s3.sh starts one: OpenStack Swift with its S3 door). */
import { createHash } from 'node:crypto'
import { S3mini } from 's3mini'
import { beforeAll, describe, expect, test } from 'vitest'
import { s3Store } from '../../src/adapters/s3/s3-store.ts'
import { ada } from '../support/control-samples.ts'

const endpoint = process.env['CLAW_LAB_S3'] ?? ''
const keys = process.env['CLAW_LAB_S3_KEYS'] ?? 'nobody:nothing'
const { signal } = new AbortController()
const hosts = ['127.0.0.1']

describe.skipIf(endpoint === '')('with the store at CLAW_LAB_S3', () => {
  const place = {
    ...{ type: 's3' as const, node: ada, endpoint, bucket: 'claw-backups', prefix: `t${process.pid}/` },
    ...{ region: 'us-east-1', secret: 'store' },
  } as const
  const store = s3Store(place, Buffer.from(keys), { hosts })

  beforeAll(async () => {
    const cut = keys.lastIndexOf(':')
    const account = { accessKeyId: keys.slice(0, cut), secretAccessKey: keys.slice(cut + 1) }
    const client = new S3mini({ ...account, region: place.region, endpoint: `${endpoint}/${place.bucket}` })
    if (!(await client.bucketExists())) await client.createBucket()
  })

  async function* content(mib: number, until = Infinity): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < mib; at += 1) {
      if (at >= until) throw new Error('the source breaks off')
      yield await Promise.resolve(Buffer.alloc(1_048_576, String(at % 10)))
    }
  }
  const read = async (backup: string, file: string) => {
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of store.read(backup, file, signal)) {
      hash.update(chunk)
      bytes += chunk.length
    }
    return { bytes, sha256: hash.digest('hex') }
  }

  test.each([0, 1, 40])('given %i MiB, what was written is read again', async (mib) => {
    const written = await store.write('bak-a', 'data.tar.sealed', content(mib), signal)
    expect(written.bytes).toBe(mib * 1_048_576)
    expect(await read('bak-a', 'data.tar.sealed')).toEqual(written)
  })

  test('given a source that breaks off in the middle, then there is no such file', async () => {
    await expect(store.write('bak-b', 'data', content(40, 36), signal)).rejects.toThrow('the source breaks off')
    await expect(read('bak-b', 'data')).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' })
  })

  test('given a backup that is removed, then nothing of it is there, and removing it again is no error', async () => {
    await store.write('bak-c', 'data', content(1), signal)
    await store.write('bak-c', 'manifest.json', content(1), signal)
    await store.remove('bak-c', signal)
    await store.remove('bak-c', signal)
    for (const file of ['data', 'manifest.json'])
      await expect(read('bak-c', file)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' })
    await store.remove('bak-a', signal)
  })

  test('given wrong keys, or no server, then the store is named, and no key is', async () => {
    const wrong = s3Store(place, Buffer.from(`${keys}-wrong`), { hosts })
    const nobody = s3Store({ ...place, endpoint: 'http://127.0.0.1:9' }, Buffer.from(keys), { hosts })
    for (const one of [wrong, nobody]) {
      const failure = await one.write('bak-d', 'data', content(1), signal).catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: 'BACKUP_TARGET' })
      expect(String(failure)).not.toContain(keys.slice(keys.lastIndexOf(':') + 1))
    }
    expect(() => s3Store(place, Buffer.from('no keys'), { hosts })).toThrow('ID:KEY')
  })
})
