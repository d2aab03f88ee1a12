// Calls the emulator with the clients of the AWS SDK for Go and prints what they made of its answers, as JSON.
//
// Usage: gosdk URL
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/schemas"
	"github.com/aws/aws-sdk-go-v2/service/vpclattice"
	"github.com/aws/aws-sdk-go-v2/service/vpclattice/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/aws/smithy-go/transport/http/protocol/rpcv2"
)

func main() {
	if len(os.Args) != 2 {
		fail(errors.New("usage: gosdk URL"))
	}
	seen, err := session(context.Background(), client(os.Args[1]))
	if err != nil {
		fail(err)
	}
	if err := tagging(context.Background(), os.Args[1], seen); err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(seen); err != nil {
		fail(err)
	}
}

// tagging asks for resources in JSON, and in CBOR as some releases do unless told otherwise.
func tagging(ctx context.Context, url string, seen map[string]any) error {
	client := resourcegroupstaggingapi.New(resourcegroupstaggingapi.Options{
		Region:       "us-west-2",
		BaseEndpoint: aws.String(url),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
	in := &resourcegroupstaggingapi.GetResourcesInput{}
	_, err := client.GetResources(ctx, in, func(o *resourcegroupstaggingapi.Options) {
		o.Protocol = awsjson.New11(schemas.ResourceGroupsTaggingAPI_20170126)
	})
	if err != nil {
		return fmt.Errorf("tagging in JSON: %w", err)
	}
	_, err = client.GetResources(ctx, in, func(o *resourcegroupstaggingapi.Options) {
		o.Protocol = rpcv2.NewCBOR(schemas.ResourceGroupsTaggingAPI_20170126)
	})
	var refused smithy.APIError
	if errors.As(err, &refused) {
		seen["cbor"] = refused.ErrorCode() + ": " + refused.ErrorMessage()
	}
	return nil
}

func client(url string) *vpclattice.Client {
	return vpclattice.New(vpclattice.Options{
		Region:       "us-west-2",
		BaseEndpoint: aws.String(url),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
}

// session creates a service, reads it by ARN, lists by pages, meets two errors and deletes.
func session(ctx context.Context, c *vpclattice.Client) (map[string]any, error) {
	seen := map[string]any{}
	made, err := c.CreateService(ctx, &vpclattice.CreateServiceInput{Name: aws.String("from-go")})
	if err != nil {
		return nil, fmt.Errorf("create: %w", err)
	}
	seen["created"] = *made.Name

	read, err := c.GetService(ctx, &vpclattice.GetServiceInput{ServiceIdentifier: made.Arn})
	if err != nil {
		return nil, fmt.Errorf("get by ARN: %w", err)
	}
	seen["createdAt"] = read.CreatedAt.UTC().Format("2006")

	names := []string{}
	pages := vpclattice.NewListServicesPaginator(c, &vpclattice.ListServicesInput{MaxResults: aws.Int32(1)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list: %w", err)
		}
		for _, item := range page.Items {
			names = append(names, *item.Name)
		}
	}
	seen["listed"] = names

	_, err = c.CreateService(ctx, &vpclattice.CreateServiceInput{Name: aws.String("from-go")})
	var conflict *types.ConflictException
	seen["conflict"] = errors.As(err, &conflict)

	_, err = c.GetService(ctx, &vpclattice.GetServiceInput{ServiceIdentifier: aws.String("svc-00000000000000000")})
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		seen["missing"] = *missing.ResourceType
	}
	return seen, nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "gosdk:", err)
	os.Exit(1)
}
