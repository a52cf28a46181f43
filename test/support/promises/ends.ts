/** What users were promised of starting and stopping work, row by row. */
import { z } from 'zod'
import type { Row } from '../command-table.ts'
import { labImage, sharedFolder } from '../lab-docker.ts'
import { type Known, text, workload } from './shapes.ts'

/** Rows that make work of their own, or end it. Each door gets its own, named after it. */
export const endRows = ({ node: first }: Known, names: Readonly<Record<string, string>>): readonly Row[] => [
  {
    id: 'CLI-06',
    what: 'run with the options of the guide',
    cli: [
      ...[
        'run',
        '-d',
        '--image',
        labImage,
        '--gpus',
        '0',
        '--command',
        'sleep 600',
        '--name',
        names['cli'] ?? '',
        '--memory',
        '64m',
      ],
      ...['--priority', 'high', '--timeout', '24h', '--env', 'A=b', '--mount', `${sharedFolder}:/data`],
    ],
    rest: {
      method: 'POST',
      path: '/api/workloads',
      body: {
        ...{ image: labImage, gpus: 0, command: 'sleep 600', name: names['rest'], memory: '64m', priority: 'high' },
        ...{ timeout: '24h', env: { A: 'b' }, volumes: [`${sharedFolder}:/data`] },
      },
    },
    shape: z.looseObject({ id: z.string().startsWith('wl-'), name: text }),
  },
  {
    id: 'CLI-07',
    what: 'run IMAGE -- CMD',
    cli: ['run', '--gpus', 'device=2,3', '-e', 'K=V', '--memory', '64', labImage, '--', 'echo', 'ran'],
    shape: z.unknown(),
  },
  { id: 'CLI-11', what: 'workload cancel', cli: ['workload', 'cancel', names['cli'] ?? ''], shape: z.unknown() },
  {
    id: 'CLI-15',
    what: 'stop',
    cli: ['stop', names['cli'] ?? ''],
    rest: { method: 'DELETE', path: `/api/workloads/${names['rest'] ?? ''}` },
    shape: workload,
  },
  {
    id: 'NI-12',
    what: 'workload.stop',
    invoke: { node: first, command: 'workload.stop', params: { name: names['invoke'], force: true } },
    shape: z.looseObject({
      stopped: z.string().regex(/^[0-9a-f]{64}$/),
      success: z.literal(true),
      runtime: z.literal('docker'),
    }),
  },
]
