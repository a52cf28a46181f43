/** Runtimes that give a container a kernel of its own, as engines call them. */
import type { Sandbox } from '../../model/container-profile.ts'
import { ClawError } from '../../model/failure.ts'

/** By their usual names, and by the names of what Docker's own documentation has people register. */
const names: Readonly<Record<Sandbox, readonly string[]>> = {
  gvisor: ['runsc', 'gvisor', 'io.containerd.runsc.v1'],
  kata: ['kata', 'kata-runtime', 'io.containerd.kata.v2'],
}

/** Those that the engine has, each with the name of its runtime there. `runtimes`: all that it has. */
export function sandboxesIn(runtimes: readonly string[]): ReadonlyMap<Sandbox, string> {
  const found = (Object.keys(names) as Sandbox[]).flatMap((sandbox): [Sandbox, string][] => {
    const runtime = names[sandbox].find((name) => runtimes.includes(name))
    return runtime === undefined ? [] : [[sandbox, runtime]]
  })
  return new Map(found)
}

/** Undefined for the engine's usual one. Throws CONTAINER_FAILED where the engine has none for the sandbox that is asked for. */
export function runtimeFor(sandbox: Sandbox | undefined, all: ReadonlyMap<Sandbox, string>): string | undefined {
  if (sandbox === undefined) return undefined
  const runtime = all.get(sandbox)
  if (runtime !== undefined) return runtime
  const detail = `the engine of this node has no runtime for ${sandbox}: register ${names[sandbox][0] ?? sandbox} with it`
  throw new ClawError('CONTAINER_FAILED', { detail })
}
