/** Images in words. */
import type { OutputOf } from '../../../operations/registry.ts'
import { facts, orDash } from './words.ts'

type Image = OutputOf<'image.info'>['images'][number]

/** `812 MiB`, `4.2 GiB`. */
export function sizeInWords(bytes: number): string {
  const mib = bytes / 1_048_576
  if (mib < 1) return `${Math.ceil(bytes / 1_024)} KiB`
  return mib < 1_024 ? `${Math.round(mib)} MiB` : `${(mib / 1_024).toFixed(1)} GiB`
}

export const imageInWords = ({ id, tags, digests, sizeBytes, createdAt, nodes }: Image): readonly string[] =>
  facts([
    ['Id', id],
    ['Names', orDash(tags.join(', '))],
    ['Digests', orDash(digests.join(', '))],
    ['Size', sizeInWords(sizeBytes)],
    ['Built', createdAt],
    ...nodes.map(({ node, inUse, from, usedAt }) => {
      const how = from === null ? 'was there before' : `from ${from}${usedAt === null ? '' : `, last used ${usedAt}`}`
      return [`At ${node}`, `${inUse ? 'in use, ' : ''}${how}`] as const
    }),
  ])

/** One line each: `team/app:1 (8c34661d5db1, 812 MiB) at gpu-1, gpu-2`. */
export const imageLine = ({ id, tags, sizeBytes, nodes }: Image): string =>
  `${orDash(tags.join(', '))} (${id.replace(/^sha256:/, '').slice(0, 12)}, ${sizeInWords(sizeBytes)}) at ${nodes.map(({ node }) => node).join(', ')}`
