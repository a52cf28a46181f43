/** Copies of volumes reach no path of a host that nobody may mount, with a real engine: the one at CLAW_LAB_DOCKER. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { strict } from '../../src/adapters/docker/confinement.ts'
import { dockerVolumes } from '../../src/adapters/docker/volume-engine.ts'
import { labDocker } from '../support/lab-docker.ts'

const never = new AbortController().signal

describe.skipIf(labDocker === null)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'claw-paths-')))
  const shared = join(folder, 'shared')
  const volumes = dockerVolumes(labDocker ?? '', {
    ...strict,
    mounts: (namespace) => (namespace === 'team' ? [shared] : []),
    sealed: [join(folder, 'state')],
  })
  beforeAll(() => {
    for (const name of ['shared', 'state', 'shared/a', 'shared/b']) mkdirSync(join(folder, name))
    writeFileSync(join(shared, 'a', 'hello'), 'hello\n')
    symlinkSync('/etc', join(shared, 'link'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const content = (path: string, namespace = 'team') => ({ path: join(folder, path), namespace })

  test.each([
    ['a link to what makes up the host', content('shared/link')],
    ['the folder of the daemon', content('state')],
    ['what holds it', content('.')],
    ['what makes up the host', { path: '/etc', namespace: 'team' }],
    ['what another namespace may mount', content('shared/a', 'other')],
  ])('given %s, nothing is read from it, and nothing written to it', async (_, from) => {
    const denied = { code: 'CONTAINER_FAILED' }
    await expect(Array.fromAsync(volumes.pack(from, never))).rejects.toMatchObject(denied)
    await expect(volumes.unpack(from, nothing(), never)).rejects.toMatchObject(denied)
  })

  test('given what the namespace may mount, it is copied, and put back elsewhere', async () => {
    await volumes.unpack(content('shared/b'), volumes.pack(content('shared/a'), never), never)
    expect(readFileSync(join(shared, 'b', 'hello'), 'utf8')).toBe('hello\n')
  })
})

async function* nothing(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1_024)
}
