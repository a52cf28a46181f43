import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { BadArchive, readHeader } from '../../../../src/adapters/docker/archive-header.ts'
import { cut, hasEnd, passed } from '../../../support/passed-archive.ts'
import { extension, tarOf } from '../../../support/tar.ts'

describe('kept archives:', () => {
  const corpus = new URL('../../../fixtures/corpus/archives/', import.meta.url)
  const kept = readdirSync(corpus).toSorted()
  /** Of the image that `docker save` of engine 26.1 wrote; the others are made of it. */
  const asked = 'sha256:ba045869ca0a3703fdba28cae701191712b1562fb486372360716bc6d9ecb55b'

  test.each(kept.filter((name) => name.startsWith('good-')))('%s passes', async (name) => {
    const bytes = readFileSync(new URL(name, corpus))
    expect(await passed(cut(bytes, [700, 1_500]), asked)).toEqual({ bytes, error: null })
  })

  test.each(kept.filter((name) => !name.startsWith('good-')))('%s is refused', async (name) => {
    const { bytes, error } = await passed(cut(readFileSync(new URL(name, corpus)), [700, 1_500]), asked)
    expect(error).toBeInstanceOf(BadArchive)
    expect(hasEnd(bytes)).toBe(false)
  })
})

const hash = 'a'.repeat(64)

test.each([
  `blobs/sha256/PaxHeaders.0/${hash}`,
  `${hash}/PaxHeaders.0/layer.tar`,
  `${hash}/PaxHeaders.0`,
  './PaxHeaders.4711/manifest.json',
  'PaxHeaders/manifest.json',
  `PaxHeader/${hash}`,
  '././@PaxHeader',
])('an extended header may be called %s, as real writers do', (name) => {
  const header = tarOf([{ ...extension([['mtime', '1.5']]), name }]).subarray(0, 512)
  expect(readHeader(header)).toMatchObject({ name, type: 'extension' })
})
