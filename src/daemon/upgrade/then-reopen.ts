/** What is closed while something is done to it has to be opened again, however that goes. */

/** Throws what the work throws; when the node cannot be opened after that, `tell` says so: it is not the cause. */
export async function thenReopen(
  node: string,
  work: () => Promise<void>,
  reopen: () => Promise<void>,
  tell: (line: string) => void,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    await reopen().catch((second: unknown) => {
      const reason = second instanceof Error ? second.message : String(second)
      tell(`${node} is still draining (${reason}); once it answers: clawbernetes node undrain ${node}`)
    })
    throw error
  }
  await reopen()
}
