/** Two peers of one mesh, the first of which is asked. */
import type { OperationService } from '../../src/operations/invoke.ts'
import type { InputOf, OutputOf, UnaryName } from '../../src/operations/registry.ts'
import { ada, bob } from './control-samples.ts'
import { admin, OperationsMesh } from './operations-mesh.ts'
import { play } from './play.ts'

export interface TwoPeers {
  readonly mesh: OperationsMesh
  /** Of ada. */
  readonly service: OperationService
  /** Asks ada as an admin. */
  run<Name extends UnaryName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>>
}

export async function twoPeers(): Promise<TwoPeers> {
  const mesh = new OperationsMesh()
  const service = await mesh.service(ada)
  await mesh.service(bob)
  await mesh.world.runFor(1_000)
  const { signal } = new AbortController()
  return {
    mesh,
    service,
    run: <Name extends UnaryName>(name: Name, input: InputOf<Name>) =>
      play(mesh.world, service.invoke(name, input, { caller: admin, signal })) as Promise<OutputOf<Name>>,
  }
}
