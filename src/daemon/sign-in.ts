/** Signing in at an identity provider from the command line. Loaded only when it is told to. */
export { signIn } from '../adapters/oidc/sign-in.ts'
