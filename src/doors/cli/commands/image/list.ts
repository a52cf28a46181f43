import type { OutputOf } from '../../../../operations/registry.ts'
import { sizeInWords } from '../../show/image-words.ts'
import { listCommand } from '../../show/list-command.ts'
import type { Column } from '../../show/table.ts'
import { ago, orDash } from '../../show/words.ts'

type Image = OutputOf<'image.list'>['images'][number]

const columns: readonly Column<Image>[] = [
  { head: 'Image', cell: ({ tags }) => orDash(tags.join(', ')) },
  { head: 'Id', cell: ({ id }) => id.replace(/^sha256:/, '').slice(0, 12) },
  { head: 'Size', cell: ({ sizeBytes }) => sizeInWords(sizeBytes) },
  { head: 'Built', cell: ({ createdAt }) => ago(createdAt), volatile: true },
  { head: 'Nodes', cell: ({ nodes }) => nodes.map(({ node }) => node).join(', ') },
  { head: 'In use', cell: ({ nodes }) => (nodes.some(({ inUse }) => inUse) ? 'yes' : 'no') },
  { head: 'Digests', cell: ({ digests }) => orDash(digests.join(', ')), wide: true },
  {
    head: 'From',
    cell: ({ nodes }) => nodes.map(({ node, from }) => `${node}: ${from ?? 'elsewhere'}`).join(', '),
    wide: true,
  },
]

export default listCommand({
  name: 'image list',
  about: 'List the images that nodes have, the newest first.',
  positionals: {},
  options: { node: { kind: 'text', value: 'NODE', about: 'Only those of this node' } },
  examples: ['image list', 'image list --node gpu-node-2 -o wide', 'image list --json'],
  columns,
  key: ({ id }) => id,
  async rows({ node }, { api, out, signal }) {
    const { images, silent } = await (await api()).call('image.list', { node }, signal)
    for (const one of silent) out.note(`${one.node} did not say what it has: ${one.problem}`)
    return images
  },
})
