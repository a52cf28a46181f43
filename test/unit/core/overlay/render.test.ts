import { expect, test } from 'vitest'
import { renderQuick, renderSetconf } from '../../../../src/core/overlay/render.ts'
import { fullTunnel, loneTunnel } from '../../../support/overlay-tunnels.ts'

const golden = (name: string): string => `../../../fixtures/wireguard/${name}`

test('a lane is written down for wg-quick, and for wg setconf', async () => {
  await expect(renderQuick(fullTunnel)).toMatchFileSnapshot(golden('full.conf'))
  await expect(renderSetconf(fullTunnel)).toMatchFileSnapshot(golden('full.setconf'))
  await expect(renderQuick(loneTunnel)).toMatchFileSnapshot(golden('lone.conf'))
  await expect(renderSetconf(loneTunnel)).toMatchFileSnapshot(golden('lone.setconf'))
})

test('a peer that is only looked for has no ranges, which is no line', () => {
  const peers = fullTunnel.peers.map((peer) => ({ ...peer, allowed: [] }))
  for (const render of [renderQuick, renderSetconf]) {
    const text = render({ ...fullTunnel, peers })
    expect(text).not.toContain('AllowedIPs')
    expect(text).toContain('Endpoint = 192.0.2.2:51820')
  }
})

test('a name makes no line of its own', () => {
  expect(renderQuick(fullTunnel)).not.toMatch(/^PostUp/m)
})

test('who sets it up by hand has the fence before anything passes, and none is left after', () => {
  const lines = renderQuick(loneTunnel).split('\n')
  expect(lines.filter((line) => line.startsWith('PreUp'))).toEqual([
    expect.stringMatching(/(iifkind.*drop.*oifkind.*drop)/),
  ])
  expect(lines.filter((line) => line.startsWith('PostDown'))).toEqual([
    expect.stringContaining('delete table inet %i-fence'),
  ])
})
