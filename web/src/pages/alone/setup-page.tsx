export default function SetupPage() {
  return <main className="page" id="main" />
}
