import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { apiToken } from '../../../src/daemon/token.ts'
import { seededRandom } from '../../../src/simulation/world.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'claw-token-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

test('a new data directory gets a token that only its owner can read', async () => {
  const token = await apiToken(folder, seededRandom(1))
  expect(token).toMatch(/^claw_[A-Za-z0-9_-]{43}$/)
  expect(readFileSync(join(folder, 'api-token'), 'utf8').trim()).toBe(token)
  expect(statSync(join(folder, 'api-token')).mode & 0o777).toBe(0o600)
})

test('the token stays the same over restarts', async () => {
  const token = await apiToken(folder, seededRandom(1))
  expect(await apiToken(folder, seededRandom(2))).toBe(token)
})
