export default function InvitePage() {
  return <main className="page" id="main" />
}
