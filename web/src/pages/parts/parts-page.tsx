export default function PartsPage() {
  return <main className="page" id="main" />
}
