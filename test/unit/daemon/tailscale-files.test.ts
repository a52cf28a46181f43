/** What is made of the options for networks of seed 001, and of one with all that there is: each as a file, to be read by people first. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { layer, parseConfigFile } from '../../../src/config/load.ts'
import type { Config } from '../../../src/config/schema.ts'
import { tailscaleDropIn, wireguardDropIn } from '../../../src/core/install/drop-ins.ts'
import { serveCommands, upCommand } from '../../../src/core/tailscale/arguments.ts'
import { policyFor } from '../../../src/core/tailscale/policy.ts'
import { portsOf, setupOf, sourceOf } from '../../../src/daemon/tailscale.ts'

const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'network')
const configOf = (option: string): Config => {
  const file = join(folder, option, 'clawnode.toml')
  return layer(file, parseConfigFile(file, readFileSync(file, 'utf8')))
}
const golden = (option: string, name: string): string => join(folder, option, name)

test('option A: what systemd has to let the daemon do for WireGuard', async () => {
  const { provider, wireguard } = configOf('option-a').network
  expect([provider, wireguard.listenPort]).toEqual(['wireguard', 51_820])
  await expect(wireguardDropIn.text).toMatchFileSnapshot(golden('option-a', 'wireguard.conf'))
})

describe.each(['option-b', 'headscale'])('%s', (option) => {
  const config = configOf(option)
  const own = config.network.tailscale
  const setup = { ...setupOf(own, 'gpu-node-1'), operator: 'clawnode' }

  test('the commands that a person would run', async () => {
    const lines = [upCommand(setup), ...serveCommands(setup)]
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(golden(option, 'commands.sh'))
  })

  test('what the policy of the tailnet has to say', async () => {
    const policy = policyFor(setup, portsOf(config))
    await expect(`${JSON.stringify(policy, null, 2)}\n`).toMatchFileSnapshot(golden(option, 'acl.json'))
  })

  test('what systemd has to let the daemon do', async () => {
    const { text } = tailscaleDropIn({ key: sourceOf(own), operator: 'clawnode', socket: setup.socket })
    await expect(text).toMatchFileSnapshot(golden(option, 'tailscale.conf'))
  })
})
