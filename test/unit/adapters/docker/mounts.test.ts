import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { strict } from '../../../../src/adapters/docker/confinement.ts'
import { pathFor } from '../../../../src/adapters/docker/mounts.ts'

let folder: string
let asked: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'claw-mounts-')))
  asked = join(folder, 'asked')
  mkdirSync(asked)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What is sealed is asked for between the path being found and the look at what it is. */
const without = () => ({
  ...strict,
  mounts: () => [folder],
  get sealed() {
    rmSync(asked, { recursive: true, force: true })
    return []
  },
})
const work = { namespace: 'default', privileges: [] }

describe('a path of the host that work mounts', () => {
  test('given one that is there, then it is what the engine is given', async () => {
    expect(await pathFor(asked, work, { ...strict, mounts: () => [folder] })).toBe(asked)
  })

  test.each([
    ['was never there', () => ({ ...strict, mounts: () => [folder] }), () => rmSync(asked, { recursive: true })],
    ['goes while it is looked at', without, () => undefined],
  ])('given one that %s, then that is what is said, and the engine is not blamed', async (_, confinement, prepare) => {
    prepare()
    await expect(pathFor(asked, work, confinement())).rejects.toMatchObject({
      code: 'CONTAINER_FAILED',
      message: expect.stringContaining(`does not exist: ${asked}`) as string,
    })
  })
})
