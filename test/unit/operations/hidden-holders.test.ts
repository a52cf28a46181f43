/** What is told of devices to who may look at nodes, and not at the work that has them. */
import { expect, test } from 'vitest'
import { workloadId } from '../../../src/model/ids.ts'
import { OperationService } from '../../../src/operations/invoke.ts'
import { accessMesh } from '../../support/access/mesh.ts'
import { ada, inventory, submit } from '../../support/control-samples.ts'
import { sample } from '../../support/operations-mesh.ts'

const { signal } = new AbortController()

test.each(['node.list', 'node.info', 'gpu.list', 'status'])(
  '%s counts a GPU as in use to whoever may not know by whom',
  async (name) => {
    const mesh = await accessMesh()
    mesh.samples.set(ada, [sample('GPU-ada-0'), sample('GPU-ada-1')])
    mesh.apply({ type: 'report-inventory', node: ada, inventory: { ...inventory(ada, 2), sharing: true } })
    for (const [id, gpus, device] of [
      ['whole', { count: 1 }, 0],
      ['part', { count: 1, share: 1_024 }, 1],
    ] as const) {
      mesh.apply(submit(`wl-${id}`, { namespace: 'team-b', gpus }, `hidden-${id}`))
      mesh.running(workloadId(`wl-${id}`), ada, [device])
    }
    const rules = [{ verbs: ['read'], resources: ['node', 'mesh'], namespaces: ['*'] }]
    mesh.apply({ type: 'create-role', role: { name: 'keeper', about: '', rules } })
    const service = new OperationService(mesh.context(ada))
    const told = async (role: string): Promise<string> => {
      const asker = { caller: mesh.caller(role, null, 'login'), signal }
      return JSON.stringify(await service.invoke(name, name === 'node.info' ? { node: 'ada' } : {}, asker))
    }
    const free = (text: string): readonly string[] =>
      text.match(/"\w*(gpu|free|used|available)\w*":\d+|"state":"(free|used|shared)"/gi) ?? []
    const [seen, hidden] = [await told('viewer'), await told('keeper')]
    expect(free(hidden)).toEqual(free(seen))
    expect(free(hidden).length).toBeGreaterThan(0)
    expect(hidden).not.toContain('hidden-')
    if (name !== 'status') expect(seen).toContain('hidden-whole')
  },
)
