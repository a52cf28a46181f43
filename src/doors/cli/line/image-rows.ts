/** The commands on images, as rows of the registry. */
import type { Row } from './row.ts'

export const imageRows: readonly Row[] = [
  {
    path: 'image list',
    about: 'List the images that nodes have, the newest first.',
    load: () => import('../commands/image/list.ts'),
  },
  {
    path: 'image info',
    about: 'Show one image: its digests, its size, and which nodes have it.',
    load: () => import('../commands/image/info.ts'),
  },
  {
    path: 'image pull',
    about: 'Have nodes get an image: from another node where one has it, else from its registry.',
    load: () => import('../commands/image/pull.ts'),
  },
  {
    path: 'image push',
    about: 'Copy an image to nodes, without a registry: one that a node has, or a file that `docker save` wrote.',
    load: () => import('../commands/image/push.ts'),
  },
  {
    path: 'image prune',
    about: 'Take away images that nothing uses.',
    load: () => import('../commands/image/prune.ts'),
  },
  {
    path: 'image remove',
    about: 'Take an image, or one of its names, away from the nodes that have it.',
    load: () => import('../commands/image/remove.ts'),
  },
]
