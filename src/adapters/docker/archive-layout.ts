/** The entries of which archives of images consist, in the form of the OCI and in the older ones. There are no others. */
import { BadArchive } from './archive-header.ts'
import type { ArchiveEntry } from './archive.ts'

/** What says which image an archive holds, and under which names. */
export const descriptions = ['manifest.json', 'index.json', 'oci-layout', 'repositories'] as const
export type Description = (typeof descriptions)[number]

const hash = '[0-9a-f]{64}'
const folder = new RegExp(`^(blobs|blobs/sha256|${hash})$`)
const file = new RegExp(
  `^(${descriptions.join('|').replaceAll('.', '\\.')}|blobs/sha256/${hash}|${hash}\\.(json|tar)|${hash}/(VERSION|json|layer\\.tar))$`,
)
const layer = new RegExp(`^(blobs/sha256/${hash}|${hash}\\.tar|${hash}/layer\\.tar)$`)
/** Layers that an image has more than once are links in older archives. Nothing can lie below one. */
const link = new RegExp(`^${hash}/layer\\.tar$`)
const target = new RegExp(`^\\.\\./(${hash}/layer\\.tar|${hash}\\.tar)$`)

/** Throws BadArchive for an entry that no engine writes. */
export function checkEntry({ name, type, target: leadsTo }: ArchiveEntry): void {
  const isKnown =
    type === 'link' ? link.test(name) && target.test(leadsTo) : (type === 'folder' ? folder : file).test(name)
  if (!isKnown) throw new BadArchive(`a ${type} ${JSON.stringify(name)}, which is no part of an image`)
}

export const isLayer = (name: string): boolean => layer.test(name)
