import { expect, test } from 'vitest'
import { loadIdentity } from '../../../../src/adapters/keys/identity.ts'
import { makeMarketKey, marketKeyFile, readMarketKey } from '../../../../src/adapters/keys/market-key.ts'
import { createVerifier } from '../../../../src/adapters/keys/signatures.ts'
import { blobs } from '../../../support/molt/blobs.ts'

test('a market key is made once, is the same after a restart, and only its owner may read it', async () => {
  const disk = blobs()
  expect(await readMarketKey(disk)).toBe(null)
  const made = await makeMarketKey(disk)
  expect(await readMarketKey(disk)).toMatchObject({ id: made.id, seed: made.seed })
  expect(disk.secrets).toEqual(new Set([marketKeyFile]))
})

test('it has nothing to do with the key of the node, and signs for its own id', async () => {
  const disk = blobs()
  const [node, market] = [await loadIdentity(disk), await makeMarketKey(disk)]
  expect(market.id).not.toBe(node.id)
  const signature = market.signer.sign('tag', 'scope', Uint8Array.of(1))
  const verifier = createVerifier()
  expect(verifier.verify(market.id, 'tag', 'scope', Uint8Array.of(1), signature)).toBe(true)
  expect(verifier.verify(node.id, 'tag', 'scope', Uint8Array.of(1), signature)).toBe(false)
})

test.each(['', 'clawbernetes identity 1\nAAAA', 'clawbernetes market key 1\nAAAA'])(
  'a file that holds none is never replaced: %j',
  async (text) => {
    const disk = blobs()
    await disk.writeBlob(marketKeyFile, Buffer.from(text))
    await expect(readMarketKey(disk)).rejects.toMatchObject({ code: 'MARKET_KEY_CORRUPT' })
  },
)
