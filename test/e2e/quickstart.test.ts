/** What `npm start -- --once` does, without npm around it. */
import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const quickstart = fileURLToPath(new URL('../../dist/quickstart.js', import.meta.url))

test('the quickstart forms a mesh of three, runs a workload on it and leaves nothing behind', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [quickstart, '--once'])
  expect(stdout).toContain('three peers form one mesh')
  expect(stdout).toMatch(/hello from /)
  expect(stdout).toMatch(/ran on peer-1 with 2 GPUs and ended with exit code 0/)
  expect(stdout).toMatch(/Nodes:\s+3 healthy, 0 unhealthy/)
  const { stdout: processes } = await promisify(execFile)('ps', ['-eo', 'args'])
  expect(processes).not.toContain(join(tmpdir(), 'clawbernetes-'))
})
