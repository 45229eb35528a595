using System.Management.Automation;

namespace DalpHa.Module.Tests.Contract;

/// <summary>Every failure has a stable id with one meaning, and a line in docs/errors.md.</summary>
public sealed class ErrorPageTests
{
    [Fact]
    public void Every_failure_is_named_where_it_is_made()
    {
        Assert.NotEmpty(SourceErrors.All);
        Assert.All(SourceErrors.All, error => Assert.True(error.Id.Length > 0, $"{error.File} makes a failure of kind {error.Kind} whose id is no literal before it."));
        Assert.All(SourceErrors.All, error => Assert.Matches("^([A-Z][a-z0-9]*)+$", error.Id));
    }

    [Fact]
    public void An_id_means_one_kind_of_failure()
    {
        var torn = SourceErrors.All.GroupBy(error => error.Id).Where(group => group.Select(error => error.Kind).Distinct().Count() > 1);
        Assert.Empty(torn.Select(group => $"{group.Key}: {string.Join(", ", group.Select(error => $"{error.Kind} in {error.File}"))}"));
    }

    [Fact]
    public void The_page_has_the_ids_of_the_source_and_no_others()
    {
        Assert.Equal(SourceErrors.All.Select(error => error.Id).Distinct().Order(StringComparer.Ordinal), SourceErrors.Page.Select(row => row.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_page_tells_the_category_when_it_occurs_and_what_to_do()
    {
        Assert.All(SourceErrors.Page, row =>
        {
            Assert.True(Enum.TryParse<ErrorCategory>(row.Category, out _), $"{row.Id}: {row.Category} is no category.");
            Assert.EndsWith(".", row.When, StringComparison.Ordinal);
            Assert.EndsWith(".", row.Action, StringComparison.Ordinal);
        });
        // One kind, one category.
        var kinds = SourceErrors.All.GroupBy(error => error.Id).ToDictionary(group => group.Key, group => group.First().Kind);
        var categories = SourceErrors.Page.GroupBy(row => kinds[row.Id], row => row.Category);
        Assert.All(categories, kind => Assert.True(kind.Distinct().Count() == 1, $"{kind.Key} is told as {string.Join(", ", kind.Distinct())}."));
    }
}
