/** What the built command line writes: a bundle can lose what the sources have. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'

const clawbernetes = fileURLToPath(new URL('../../dist/clawbernetes.js', import.meta.url))
let home: string

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'claw-output-'))
})
afterAll(() => {
  rmSync(home, { recursive: true })
})

/** No daemon is at this address, which `version` can do without. */
const version = (format: string): Promise<{ readonly code: unknown; readonly out: string; readonly err: string }> =>
  new Promise((resolve) => {
    const line = [clawbernetes, 'version', '-o', format, '--gateway', `unix:${join(home, 'none.sock')}`]
    execFile(process.execPath, line, { env: { HOME: home } }, (error, out, err) => {
      resolve({ code: error === null ? 0 : error.code, out, err })
    })
  })

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  json: (text) => JSON.parse(text) as unknown,
  jsonl: (text) => JSON.parse(text) as unknown,
  yaml: (text) => parse(text) as unknown,
}

test.each(Object.keys(readers))('%s can be read back', async (format) => {
  const { code, out, err } = await version(format)
  expect([code, err]).toEqual([0, ''])
  expect(readers[format]?.(out)).toEqual({ client: expect.stringMatching(/^\d+\./) as string, peer: null })
})

test.each(['table', 'wide'])('%s is for people', async (format) => {
  const { code, out, err } = await version(format)
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(/^clawbernetes {2}\d+\.\d+\.\d+\npeer {10}unknown: Nothing answers/)
})
