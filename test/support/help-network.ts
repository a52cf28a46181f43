/** How the examples of the network rightly end where nobody sets interfaces up, and no host is in a tailnet. */
export const networkEnds: readonly (readonly [begins: string, code: number, reason: string])[] = [
  ['network ping', 2, 'nobody sets the interfaces up here: overlay.test.ts'],
  ['network wg rotate --finish', 5, 'none is under way'],
  ['network tailscale', 7, 'no settings want a tailnet here: tailscale.test.ts'],
]
