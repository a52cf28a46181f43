/** A data directory has one daemon. A second is turned away before it touches anything. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { freePort, Mesh, type StatusReply } from '../support/mesh.ts'

const clawnode = fileURLToPath(new URL('../../dist/clawnode.js', import.meta.url))

interface Ended {
  readonly code: number
  readonly stderr: string
}

function run(...arguments_: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [clawnode, ...arguments_], { timeout: 60_000 }, (error, _, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stderr })
    })
  })
}

test('given a running daemon, when another is started on its data directory, then that one ends and the first goes on', async () => {
  const mesh = await Mesh.start({ names: ['only'] })
  try {
    const daemon = mesh.get(0)
    const journal = join(daemon.dataDir, 'state', 'raft.journal')
    const before = readFileSync(journal)
    const others = ['--data-dir', daemon.dataDir, '--no-mdns', '--json']
    const addresses = ['--api', `127.0.0.1:${await freePort()}`, '--listen', `/ip4/127.0.0.1/tcp/${await freePort()}`]
    const second = await run('start', ...others, ...addresses)
    expect(second.code).toBe(5)
    expect(second.stderr).toContain('another clawnode is running with this data directory')
    // The first may have written more meanwhile. What was there is untouched, and all of it can be read again.
    expect(readFileSync(journal).subarray(0, before.length).equals(before)).toBe(true)
    expect(readdirSync(daemon.dataDir)).not.toContain('addresses.damaged')
    expect((await daemon.json<StatusReply>('status')).nodes).toEqual({ healthy: 1, unhealthy: 0 })
    await daemon.end()
    await daemon.start()
    expect((await daemon.json<StatusReply>('status')).nodes).toEqual({ healthy: 1, unhealthy: 0 })
  } finally {
    await mesh.stop()
  }
})

test('given a port that somebody has, when a daemon is started on it, then it says so and ends with an error', async () => {
  const mesh = await Mesh.start({ names: ['only'] })
  try {
    const taken = mesh.get(0).api
    const second = await run(
      'start',
      '--data-dir',
      join(mesh.directory, 'second'),
      '--no-mdns',
      '--json',
      '--api',
      taken,
      '--listen',
      '/ip4/127.0.0.1/tcp/0',
    )
    expect(second.code).not.toBe(0)
    expect(second.stderr).toContain('"code":"ADDRESS_IN_USE"')
  } finally {
    await mesh.stop()
  }
})
