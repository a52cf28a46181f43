import { expect, test } from 'vitest'
import { hostBridges } from '../../../../src/adapters/wireguard/bridges.ts'
import type { Passage } from '../../../../src/ports/container-network.ts'
import type { ToolResult } from '../../../../src/ports/tool.ts'
import { hangs, isMissing, never, prints, scriptedTools } from '../scripted-tools.ts'

/** No interface of the machine that this runs on has this name. */
const passage: Passage = {
  ...{ name: 'clawnone', subnet: '10.200.1.0/24', tunnels: ['claw0'] },
  overlay: ['10.100.0.0/16', '10.200.0.0/16'],
}
const rules = [
  '-i claw0 -o clawnone -m comment --comment clawbernetes -j ACCEPT',
  '-i clawnone -o claw0 -m comment --comment clawbernetes -j ACCEPT',
  '-i claw0 -o claw0 -m comment --comment clawbernetes -j ACCEPT',
]
const says = (stderr: string): ToolResult => ({ ...prints(''), code: 1, stderr })
const unreadable = says(
  "iptables v1.8.9 (nf_tables): chain `DOCKER-USER' in table `filter' is incompatible, use 'nft' tool.",
)

/** A host whose `iptables -S DOCKER-USER` answers so; all else does as it is told. */
function host(listed: ToolResult, ofNft: ToolResult = prints('')) {
  const tools = scriptedTools((line) => {
    if (listed.missing && line.startsWith('iptables ')) return undefined
    if (line === 'iptables -w 5 -S DOCKER-USER') return listed
    return line === 'nft list chain ip filter DOCKER-USER' ? ofNft : prints('')
  })
  const changes = (): readonly string[] =>
    tools.ran.filter((line) => /^iptables .* -[ID] /.test(line)).map((line) => line.replace('iptables -w 5 ', ''))
  return { bridges: hostBridges(tools.run), changes }
}

test('given an engine with a place for rules of the owner, what is missing there is put in', async () => {
  const { bridges, changes } = host(prints(`-N DOCKER-USER\n-A DOCKER-USER ${rules[0] ?? ''}\n`))
  await bridges.open(passage, never)
  expect(changes()).toEqual(rules.slice(1).map((rule) => `-I DOCKER-USER 1 ${rule}`))
})

test.each<[string, ToolResult, ToolResult]>([
  ['says so', says('iptables: No chain/target/match by that name.'), prints('')],
  ['calls it incompatible, and nft has none', unreadable, says('Error: No such file or directory\nlist chain ip')],
])('given an engine without, and an iptables that %s, nothing is put in', async (_, listed, ofNft) => {
  const { bridges, changes } = host(listed, ofNft)
  await bridges.open(passage, never)
  await bridges.close(passage, never)
  expect(changes()).toEqual([])
})

test.each<[string, ToolResult, string]>([
  ['is not there', isMissing, 'iptables is not installed'],
  ['waits for another', says('Another app is currently holding the xtables lock.'), 'holding the xtables lock'],
  [
    'may not',
    says('Could not fetch rule set generation id: Permission denied (you must be root)'),
    'Permission denied',
  ],
  ['does not answer', hangs, 'did not answer'],
  ['cannot read a chain that is there', unreadable, 'is incompatible'],
])(
  'given an iptables that %s, that is told, and not taken for an engine that drops nothing',
  async (_, listed, why) => {
    const { bridges, changes } = host(listed)
    const failure = { code: 'OVERLAY_FAILED', message: expect.stringContaining(why) as string }
    await expect(bridges.open(passage, never)).rejects.toMatchObject(failure)
    expect(changes()).toEqual([])
  },
)

test('given no iptables, there is nothing of ours to take away from it', async () => {
  const { bridges, changes } = host(isMissing)
  await bridges.close(passage, never)
  expect(changes()).toEqual([])
})
