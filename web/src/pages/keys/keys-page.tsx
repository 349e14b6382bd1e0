export default function KeysPage() {
  return <main className="page" id="main" />
}
