import { CopyButton } from '../../ui/index.ts'

/** A link that cannot be seen again. */
export function LinkOnce({ url }: { url: string }) {
  return (
    <div className="secret">
      <code data-secret>{url}</code>
      <CopyButton text={url} look="primary" />
    </div>
  )
}
