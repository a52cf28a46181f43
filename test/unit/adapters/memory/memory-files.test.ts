import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { memoryFiles } from '../../../../src/adapters/memory/memory-files.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'claw-memory-'))
const memory = memoryFiles(dataDir)
const one = placementId(workloadId('wl-one'), 1)
const two = placementId(workloadId('wl-two'), 1)
const file = (path: string, mode = 0o400) => ({ path, mode, owner: null, data: new TextEncoder().encode(path) })

afterEach(async () => {
  await memory.keepOnly(new Set())
})

test('files stand in memory under their paths, in a folder that nobody else may enter', async () => {
  const root = await memory.put(one, [file('/run/secrets/db'), file('/etc/app/conf', 0o444)])
  expect(root.startsWith('/dev/shm/')).toBe(true)
  expect(await readFile(join(root, '/run/secrets/db'), 'utf8')).toBe('/run/secrets/db')
  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
  expect(await modeOf(join(root, '/run/secrets/db'))).toBe('400')
  expect(await modeOf(join(root, '/etc/app/conf'))).toBe('444')
  expect(await modeOf(dirname(dirname(root)))).toBe('700')
  expect(await readdir(dataDir)).toEqual([])
  await rm(dataDir, { recursive: true })
})

test('given files of what is over, they go, and those of others stay', async () => {
  const [gone, kept] = [await memory.put(one, [file('/a')]), await memory.put(two, [file('/a')])]
  await memory.keepOnly(new Set([two]))
  await expect(stat(gone)).rejects.toThrow(/ENOENT/)
  expect(await readdir(kept)).toEqual(['a'])
  await memory.remove(two)
  await memory.remove(two)
  await expect(stat(kept)).rejects.toThrow(/ENOENT/)
})

test('given two that cannot both be there, neither is', async () => {
  await expect(memory.put(one, [file('/a'), file('/a/b')])).rejects.toMatchObject({ code: 'CONTAINER_FAILED' })
  await expect(memory.put(one, [file('/a'), file('/a')])).rejects.toMatchObject({ code: 'CONTAINER_FAILED' })
})

test('given a host without memory for files, it says so and writes nothing', async () => {
  const nowhere = await mkdtemp(join('/var/tmp', 'claw-no-memory-'))
  await expect(memoryFiles('x', [nowhere, join(nowhere, 'none')]).put(one, [file('/a')])).rejects.toMatchObject({
    code: 'CONTAINER_FAILED',
  })
  expect(await readdir(nowhere)).toEqual([])
  await rm(nowhere, { recursive: true })
})
